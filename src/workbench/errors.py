"""The few exceptions of the workbench. Data never raises: data gets findings."""


class UserError(Exception):
    """Something the user can mend: the message is one line saying what is wrong and what to do."""


class ParameterError(UserError):
    """A parameter file is wrong: unknown key, missing value, wrong type or contradiction."""


class PackageError(UserError):
    """A cluster package or workbook cannot be read at all."""


class RunError(UserError):
    """A notebook failed or was started without what it needs."""
