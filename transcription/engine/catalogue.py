"""The models that Polyscribe knows: their files, where they come from, and how to use them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.errors import Invalid
from transcription.engine.errors import UnknownModel

_PUBLISHED = "https://huggingface.co/ggerganov/whisper.cpp/resolve/main/"
_PACKAGED = Path(__file__).parent / "models"
_YOUNG_LANGUAGES = frozenset({"yue"})
"""The languages that Whisper learnt with large-v3."""


@dataclass(frozen=True)
class ModelInfo:
    """A model and its file in whisper.cpp's ggml format."""

    name: str
    file_name: str
    bytes: int
    languages: Literal["multilingual", "en"]
    source: str
    """Where the file is published; empty for the demo model, which comes with the package."""
    description: str
    sha1: str = ""
    sha256: str = ""
    block_seconds: float = 30.0
    """The longest block that it hears well. The official models pay for 30 seconds however short a block is."""
    audio_context: int = 0
    """Frames of 20 ms that its encoder looks at; 0 is the full window of 30 seconds.

    Else a multiple of 256: whisper.cpp pads to that, and what an earlier block left in the padding would leak in.
    """
    doubt_below: float = -1.0
    """Mean log probability below which a result is tried again at a higher temperature."""
    is_demo: bool = False
    """Whether it only shows that everything works. Whatever runs on it says so."""

    def path(self, model_dir: Path) -> Path:
        """Return where its file is, or belongs: the demo model in the package, all others in `model_dir`."""
        return (_PACKAGED if self.is_demo else Path(model_dir)) / self.file_name

    def check_language(self, language: str | None) -> None:
        """Raise Invalid when this model does not know `language`, one of Whisper's codes; None is any."""
        if self.languages == "en" and language not in (None, "en"):
            raise _unknown(language, f"The model {self.name} only knows English.")
        if language in _YOUNG_LANGUAGES and not self.name.startswith("large-v3"):
            # In an older vocabulary the language's number is that of another token.
            raise _unknown(language, f"The model {self.name} is older than its support for this language.")


def _unknown(language: str | None, reason: str) -> Invalid:
    return Invalid(f"{reason} Use another model for the language {language!r}.", fields={"language": [reason]})


def resolve(name: str) -> ModelInfo:
    """Return the model called `name`. Raises UnknownModel."""
    if name not in MODELS:
        raise UnknownModel(
            f"There is no model {name!r}. Known models: {', '.join(MODELS)}.", fields={"model": ["Unknown model."]}
        )
    return MODELS[name]


_DEMO = ModelInfo(
    name="demo",
    file_name="ggml-demo.bin",
    bytes=5_104_929,
    sha256="4f8a0e63dcd4cbca421a07853aead49b1695cb022994653fe4fa97379d065daf",
    languages="multilingual",
    source="",
    description="Demo only: knows the sentences of its own small grammar in English, German and Spanish.",
    # What it was trained on (see recipe/): single sentences in windows of six seconds.
    block_seconds=6.0,
    audio_context=512,
    # Its wrong answers are less sure of themselves than those of a large model, but never below -1.
    doubt_below=-0.5,
    is_demo=True,
)

# Name, size in bytes and SHA-1 of the official files. The sums are those of the table "Available models" of the model
# card at https://huggingface.co/ggerganov/whisper.cpp (those of the unquantized and the large models also stand in
# models/README.md of https://github.com/ggml-org/whisper.cpp). The card gives rounded sizes; the exact ones follow
# from the file format and each model's dimensions, and agree with the card's.
_OFFICIAL = """
tiny                   77691713  bd577a113a864445d4c299885e0cb97d4ba92b5f
tiny-q5_1              32152673  2827a03e495b1ed3048ef28a6a4620537db4ee51
tiny-q8_0              43537433  19e8118f6652a650569f5a949d962154e01571d9
tiny.en                77704715  c78c86eb1a8faa21b369bcd33207cc90d64ae9df
tiny.en-q5_1           32166155  3fb92ec865cbbc769f08137f22470d6b66e071b6
tiny.en-q8_0           43550795  802d6668e7d411123e672abe4cb6c18f12306abb
base                  147951465  465707469ff3a37a2b9b8d8f89f2f99de7299dac
base-q5_1              59707625  a3733eda680ef76256db5fc5dd9de8629e62c5e7
base-q8_0              81768585  7bb89bb49ed6955013b166f1b6a6c04584a20fbe
base.en               147964211  137c40403d78fd54d454da0f9bd998f78703390c
base.en-q5_1           59721011  d26d7ce5a1b6e57bea5d0431b9c20ae49423c94a
base.en-q8_0           81781811  bb1574182e9b924452bf0cd1510ac034d323e948
small                 487601967  55356645c2b361a969dfd0ef2c5a50d530afd8d5
small-q5_1            190085487  6fe57ddcfdd1c6b07cdcc73aaf620810ce5fc771
small-q8_0            264464607  bcad8a2083f4e53d648d586b7dbc0cd673d8afad
small.en              487614201  db8a495a91d927739e50b3fc1cc4c6b8f6c2d022
small.en-q5_1         190098681  20f54878d608f94e4a8ee3ae56016571d47cba34
small.en-q8_0         264477561  9d75ff4ccfa0a8217870d7405cf8cef0a5579852
medium               1533763059  fd9727b6e1217c2f614f9b698455c4ffd82463b4
medium-q5_0           539212467  7718d4c1ec62ca96998f058114db98236937490e
medium-q8_0           823369779  e66645948aff4bebbec71b3485c576f3d63af5d6
medium.en            1533774781  8c30f0e44ce9560643ebd10bbe50cd20eafd3723
medium.en-q5_0        539225533  bb3b5281bddd61605d6fc76bc5b92d8f20284c3b
medium.en-q8_0        823382461  b1cf48c12c807e14881f634fb7b6c6ca867f6b38
large-v3             3095033483  ad82bf6a9043ceed055076d0fd39f5f186ff8062
large-v3-q5_0        1081140203  e6e2ed78495d403bef4b7cff42ef4aaadcfea8de
large-v3-turbo       1624555275  4af2b29d7ec73d781377bfd1758ca957a807e941
large-v3-turbo-q5_0   574041195  e050f7970618a659205450ad97eb95a18d69c9ee
large-v3-turbo-q8_0   874188075  01bf15bedffe9f39d65c1b6ff9b687ea91f59e0e
"""

_SORTS = {
    "tiny": "Fastest, for drafts",
    "base": "Fast, for clear speech",
    "small": "Good on two cores",
    "medium": "Accurate, slow without a GPU",
    "large-v3": "Most accurate, for a GPU",
    "large-v3-turbo": "Nearly as accurate as large-v3, several times faster",
}


def _official(row: str) -> ModelInfo:
    name, size, sha1 = row.split()
    sort, _, packing = name.partition("-q")
    is_english = sort.endswith(".en")
    traits = [
        _SORTS[sort.removesuffix(".en")],
        "English only" if is_english else "99 languages" if not sort.startswith("large") else "100 languages",
        *([f"weights of {packing[0]} bits"] if packing else []),
    ]
    return ModelInfo(
        name=name,
        file_name=f"ggml-{name}.bin",
        bytes=int(size),
        sha1=sha1,
        languages="en" if is_english else "multilingual",
        source=f"{_PUBLISHED}ggml-{name}.bin",
        description="; ".join(traits) + ".",
    )


MODELS = {model.name: model for model in (_DEMO, *map(_official, _OFFICIAL.split("\n")[1:-1]))}
"""Every known model by its name."""
