"""Pages from the templates of a package: every value is escaped, and a name that is not given is an error."""

from jinja2 import Environment, PackageLoader, StrictUndefined


def of(package: str) -> Environment:
    """The environment of the folder `templates` in that package; filters and globals are for its owner to add."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
