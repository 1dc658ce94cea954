"""The readers of surveys, each reached by its name and imported only then."""

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from fewsky.console import FewskyError


def reader(name: str) -> ModuleType:
    """The module that knows a survey's files: shards(survey) and files(shard, ...).

    Its KIND is `fields` (a catalogue's objects are cut from large images) or `images` (one image an
    object, listed beforehand); ALIGNS tells whether its bands are brought to one grid, PACKED
    whether one file of the catalogue holds all images. Raises FewskyError where there is no such
    reader.
    """
    known = [module.name for module in iter_modules(__path__) if "_" not in module.name]
    if name not in known:
        raise FewskyError(
            f"survey reader '{name}': wanted one of {', '.join(known)}; found no such module. "
            "Correct the survey's key 'reader', or add the module to scripts/fewsky/surveys."
        )
    return import_module(f"{__name__}.{name}")
