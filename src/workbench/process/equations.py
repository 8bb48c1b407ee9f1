"""Equations of process emissions by sector, in the notation of the guidelines; scalars or arrays in, tonnes of one gas out.

Contents are in per cent of mass, ratios per tonne of product. All are linear in the quantity. A deduction that exceeds what comes
in gives a negative result: it is a fault of the data for the caller to report, never cut off here.
"""

from __future__ import annotations

from workbench.factors import CARBON_TO_CO2

CO2_PER_CAO = 44 / 56
CO2_PER_MGO = 44 / 40
CO2_PER_UREA = 44 / 60  # CO(NH2)2 binds one CO2; 0.2 tC/t x 44/12 of the table of product carbon
PCT = 100
KG_PER_T = 1000


def clinker_by_assay(clinker_t, cao_pct, mgo_pct, cao_nc_pct=0.0, mgo_nc_pct=0.0):
    """tCO2 of clinker burning: Q [(CaO - CaO_nc) 44/56 + (MgO - MgO_nc) 44/40].

    clinker_t: t clinker; cao_pct, mgo_pct: oxides of the clinker, %; cao_nc_pct, mgo_nc_pct: the part of them that came in with
    materials other than carbonates (slag, ash, carbide slag), % of clinker. Kiln dust that leaves the kiln is not in it.
    Source: NDRC cement guideline (2013), GB/T 32151.8-2015. Valid for clinker in which carbonates are decomposed completely.
    """
    return clinker_t * ((cao_pct - cao_nc_pct) * CO2_PER_CAO + (mgo_pct - mgo_nc_pct) * CO2_PER_MGO) / PCT


def clinker_by_factor(clinker_t, tco2_per_t, deductions_tco2=0.0):
    """tCO2 of clinker burning: Q x EF - sum of deductions for substitute raw meal.

    clinker_t: t clinker; tco2_per_t: factor of the kind of clinker (Portland 0.535); deductions_tco2: t of substitute x its
    deduction, summed, tCO2. Source: MEE cement reporting guideline CETS-AG-02.01-V01-2024. Not to be mixed with the assay.
    """
    return clinker_t * tco2_per_t - deductions_tco2


def lime_by_assay(lime_t, cao_pct, mgo_pct, dust_pct=0.0):
    """tCO2 of lime burning: Q (CaO 44/56 + MgO 44/40)(1 + dust).

    lime_t: t quicklime; cao_pct, mgo_pct: oxides of the lime, %; dust_pct: calcined kiln dust that is not returned, % of lime.
    Source: IPCC 2006 vol. 3 ch. 2 (tier 2) as worked out in the GHG Protocol lime sheet. Valid for lime burnt through; CO2 left
    in the product makes the result too high.
    """
    return lime_t * (cao_pct * CO2_PER_CAO + mgo_pct * CO2_PER_MGO) / PCT * (1 + dust_pct / PCT)


def carbonate(quantity_t, purity_pct, pure_tco2_per_t, conversion_pct=100.0):
    """tCO2 of carbonate decomposed: q x purity x EF x conversion.

    quantity_t: t as used; purity_pct: carbonate in it, %; pure_tco2_per_t: CO2 of the pure carbonate (limestone 0.44);
    conversion_pct: share decomposed, %. Source: NDRC chemical guideline (2013), GB/T 32151.10-2015. Glass, flux, flue gas.
    """
    return quantity_t * purity_pct / PCT * pure_tco2_per_t * conversion_pct / PCT


def material_carbon(quantity_t, carbon_pct, oxidation_pct=100.0):
    """tCO2 that the carbon of a material makes: q x C x OF x 44/12.

    quantity_t: t of material; carbon_pct: carbon, %; oxidation_pct: share oxidised, %. Bought pig iron, alloys, electrodes,
    carbon powder of glass; for products and residues the caller turns the sign. Source: GB/T 32151.5-2015, NDRC glass guideline.
    """
    return quantity_t * carbon_pct / PCT * oxidation_pct / PCT * CARBON_TO_CO2


def carbon_balance(inputs_tc, products_tc, by_products_tc=0.0, residues_tc=0.0):
    """tCO2 of a carbon balance: (inputs - products - by-products - residues) x 44/12, all in t of carbon.

    Source: NDRC chemical guideline (2013), GB/T 32151.10-2015. Valid where no carbon leaves as another gas.
    """
    return (inputs_tc - products_tc - by_products_tc - residues_tc) * CARBON_TO_CO2


def steel_works(flux_tco2, electrode_tco2, bought_tco2, product_tco2):
    """tCO2 of a steel works' processes: flux + electrode + bought carbon-bearing materials - carbon of products, all in tCO2.

    Source: GB/T 32151.5-2015, NDRC steel guideline. Product carbon: pig iron, crude steel, tar, crude benzol sold or made.
    """
    return flux_tco2 + electrode_tco2 + bought_tco2 - product_tco2


def anode(aluminium_t, anode_t_per_t, sulphur_pct, ash_pct):
    """tCO2 of prebaked anodes: Q x NAC x (1 - S - ash) x 44/12.

    aluminium_t: t molten aluminium; anode_t_per_t: net anode, t/t; sulphur_pct, ash_pct: of the anode, %.
    Source: MEE aluminium guideline CETS-AG-04.01; US 40 CFR 98.63. Valid for prebake cells, not for Soederberg paste.
    """
    return aluminium_t * anode_t_per_t * (1 - sulphur_pct / PCT - ash_pct / PCT) * CARBON_TO_CO2


def cf4_by_slope(aluminium_t, minutes_per_cell_day, slope_kg):
    """tCF4 of anode effects: Q x slope x AEM / 1000.

    aluminium_t: t molten aluminium; minutes_per_cell_day: minutes of anode effect a cell and day; slope_kg: kg CF4 per t Al for
    one minute a cell-day. Source: NDRC aluminium guideline (2013); US 40 CFR 98.63 eq. F-2. Valid for the cell type of the slope.
    """
    return aluminium_t * slope_kg * minutes_per_cell_day / KG_PER_T


def c2f6_by_slope(aluminium_t, minutes_per_cell_day, slope_kg, c2f6_per_cf4):
    """tC2F6 of anode effects: the CF4 x weight ratio; c2f6_per_cf4 in t/t, the rest as for CF4. Source: 40 CFR 98.63 eq. F-4."""
    return cf4_by_slope(aluminium_t, minutes_per_cell_day, slope_kg) * c2f6_per_cf4


def ammonia(ammonia_t, feed_gj_per_t, feed_kgc_per_gj, oxidation_pct=100.0, urea_t_per_t=0.0, recovered_tco2_per_t=0.0):
    """tCO2 of ammonia: Q [feed x CC x OF x 44/12 - urea x 44/60 - other recovered CO2].

    ammonia_t: t NH3; feed_gj_per_t: feed, and fuel that the energy ledger does not hold, GJ/t NH3; feed_kgc_per_gj: its carbon,
    kg/GJ; oxidation_pct: %; urea_t_per_t: urea made of it, t/t NH3; recovered_tco2_per_t: other CO2 bound or sold, t/t NH3.
    Source: carbon balance of the NDRC chemical guideline (2013); IPCC 2006 vol. 3 ch. 3 (method). Any feed of known carbon.
    """
    made = feed_gj_per_t * feed_kgc_per_gj / KG_PER_T * oxidation_pct / PCT * CARBON_TO_CO2
    return ammonia_t * (made - urea_t_per_t * CO2_PER_UREA - recovered_tco2_per_t)


def n2o_of_acid(acid_t, generation_kg_per_t, abatement_pct, use_rate_pct):
    """tN2O of nitric or adipic acid: Q x EF x (1 - abatement x use rate).

    acid_t: t of pure acid; generation_kg_per_t: N2O made, kg/t; abatement_pct: destroyed while the abatement runs, %;
    use_rate_pct: share of the time it runs, %. Source: NDRC chemical guideline (2013), GB/T 32151.10-2015.
    """
    return acid_t * generation_kg_per_t / KG_PER_T * (1 - abatement_pct / PCT * use_rate_pct / PCT)


def waste_water_methane(cod_t, b0, mcf, sludge_pct=0.0, recovered_tch4_per_t=0.0):
    """tCH4 of waste water treated without air: (TOW - S) x B0 x MCF - R.

    cod_t: organic load removed, t COD; b0: tCH4/tCOD; mcf: methane correction, 0 to 1; sludge_pct: COD taken out with sludge, %
    of the load; recovered_tch4_per_t: methane burnt or flared, tCH4/tCOD. Source: NDRC guidelines (paper, food, other industry).
    """
    return cod_t * ((1 - sludge_pct / PCT) * b0 * mcf - recovered_tch4_per_t)


def gas_volume(volume, density_t, content_pct):
    """t of a gas in a volume of mixed gas: V x content x density.

    volume: 10^4 Nm3 (0 degC, 101.325 kPa); density_t: t per 10^4 Nm3 of the pure gas; content_pct: volume %.
    Source: NDRC guidelines (coal mines, recovery of CO2 and CH4).
    """
    return volume * content_pct / PCT * density_t


def by_product_gas(product_t, rate_pct):
    """t of gas made beside a product: Q x rate; product_t: t; rate_pct: t gas per 100 t. Source: NDRC fluorochemical guideline."""
    return product_t * rate_pct / PCT
