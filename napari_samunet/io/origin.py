"""What a file tells of how an object came about, kept so that the next file may tell it too."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Algorithm:
    """What helped to draw an object.

    Attributes
    ----------
    name, version : str
        Of the model, and of the program that ran it; empty where they were not kept.
    digest : str
        Of the model's weights, hexadecimal.
    """

    name: str
    version: str
    digest: str = ""


@dataclass(frozen=True)
class Origin:
    """How an object came about, and what it is.

    Attributes
    ----------
    kind : str
        "MANUAL", "SEMIAUTOMATIC" or "AUTOMATIC"; empty where nobody knows.
    algorithm : str
        Name of what drew it, as its file tells it; may be empty.
    identification : str
        Attributes that tell more of the algorithm, as DICOM JSON; may be empty.
    name : str
        What it was called when it was read: ``codes`` hold as long as it is called so.
    codes : str
        Attributes that tell what the object is, as DICOM JSON; may be empty.
    corrected : bool
        Whether its mask was changed since.
    """

    kind: str = ""
    algorithm: str = ""
    identification: str = ""
    name: str = ""
    codes: str = ""
    corrected: bool = False

    @property
    def kind_now(self) -> str:
        """The kind that it is with its corrections: what a person changed is not automatic."""
        return "SEMIAUTOMATIC" if self.kind == "AUTOMATIC" and self.corrected else self.kind

    def helped(self) -> Origin:
        """The same object after a model helped, of which nobody knows the name."""
        return replace(self, kind="SEMIAUTOMATIC", algorithm="", identification="")


BY_HAND = Origin("MANUAL")
UNKNOWN = Origin()
UNNAMED = Algorithm("", "")
"""A model of which nothing was kept but that there was one."""
