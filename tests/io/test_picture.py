"""Pictures open as slices; grey ones stay grey, colours are kept beside their brightness."""

from __future__ import annotations

from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_samunet.errors import ChoiceNeeded, InputError, UnreadableFile, UnsupportedImage
from napari_samunet.io.open import open_volume


def noise(*shape: int, dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max, shape, dtype=dtype)


@pytest.mark.parametrize(("name", "dtype"), [("a.png", "u1"), ("a.png", "u2"), ("a.tif", "u2")])
def test_grey_pixels_are_those_of_the_file(tmp_path: Path, name: str, dtype: str) -> None:
    pixels = noise(20, 30, dtype=np.dtype(dtype).type)
    imageio.imwrite(tmp_path / name, pixels)
    volume = open_volume(tmp_path / name)
    assert np.array_equal(volume.array, pixels[None])
    assert volume.array.dtype == dtype
    assert volume.color is None
    assert volume.source.notes == ("no position or size of pixels is stated",)


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
@pytest.mark.parametrize("channels", [3, 4])
def test_colours_are_kept_and_alpha_is_dropped(tmp_path: Path, name: str, channels: int) -> None:
    pixels = noise(20, 30, channels)
    imageio.imwrite(tmp_path / name, pixels)
    volume = open_volume(tmp_path / name)
    assert np.array_equal(volume.color, pixels[None, ..., :3])
    brightness = pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
    assert np.abs(volume.array[0] - brightness).max() <= 0.51


def test_a_grey_image_saved_as_colour_is_grey_again(tmp_path: Path) -> None:
    pixels = noise(20, 30)
    imageio.imwrite(tmp_path / "a.png", np.stack([pixels] * 3, axis=-1))
    volume = open_volume(tmp_path / "a.png")
    assert volume.color is None
    assert np.array_equal(volume.array[0], pixels)


def test_pages_of_one_size_make_a_stack_and_others_have_to_be_chosen(tmp_path: Path) -> None:
    pages = noise(5, 20, 30, dtype=np.uint16)
    tifffile.imwrite(tmp_path / "a.tif", pages)
    assert np.array_equal(open_volume(tmp_path / "a.tif").array, pages)
    assert np.array_equal(open_volume(tmp_path / "a.tif", frame=3).array, pages[3:4])
    with pytest.raises(InputError, match="no frame 5"):
        open_volume(tmp_path / "a.tif", frame=5)
    with tifffile.TiffWriter(tmp_path / "b.tif") as tiff:
        tiff.write(noise(20, 30))
        tiff.write(noise(10, 30))
    with pytest.raises(ChoiceNeeded, match="2 pages of different kinds") as caught:
        open_volume(tmp_path / "b.tif")
    assert caught.value.choices == ("frame 0: (20, 30)", "frame 1: (10, 30)")
    assert open_volume(tmp_path / "b.tif", frame=1).shape == (1, 10, 30)


def test_colours_stored_plane_by_plane_and_palettes_are_understood(tmp_path: Path) -> None:
    color = noise(20, 30, 3)
    planar = np.moveaxis(color, -1, 0)
    tifffile.imwrite(tmp_path / "a.tif", planar, photometric="rgb", planarconfig="separate")
    assert np.array_equal(open_volume(tmp_path / "a.tif").color[0], color)
    palette = noise(3, 256, dtype=np.uint16)
    indices = noise(20, 30)
    tifffile.imwrite(tmp_path / "p.tif", indices, photometric="palette", colormap=palette)
    wanted = (palette.T[indices] >> 8).astype(np.uint8)
    assert np.array_equal(open_volume(tmp_path / "p.tif").color[0], wanted)


GREY = noise(20, 30, dtype=np.uint16)


@pytest.mark.parametrize("white_is_zero", [False, True])
@pytest.mark.parametrize(
    "pixels", [GREY, (GREY >> 8).astype(np.uint8), GREY > 9000], ids=["16 bits", "8 bits", "1 bit"]
)
def test_packed_tiffs_open_as_the_same_pixels_as_plain_ones(
    tmp_path: Path, pixels: np.ndarray, white_is_zero: bool
) -> None:
    packings = ["tiff_lzw", "tiff_adobe_deflate"] + ["group4"] * (pixels.dtype == bool)
    for packing in packings:
        told = {262: 0} if white_is_zero else {}
        Image.fromarray(pixels).save(
            tmp_path / f"{packing}.tif", compression=packing, tiffinfo=told
        )
    first, *others = [open_volume(tmp_path / f"{packing}.tif") for packing in packings]
    assert first.negative == white_is_zero
    for other in others:
        assert other.array.dtype == first.array.dtype
        assert np.array_equal(other.array, first.array)
        assert other.negative == white_is_zero


def test_a_packed_tiff_of_several_pages_is_a_stack(tmp_path: Path) -> None:
    pages = [Image.fromarray(page) for page in noise(3, 20, 30, dtype=np.uint16)]
    pages[0].save(
        tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw"
    )
    assert np.array_equal(open_volume(tmp_path / "a.tif").array, np.stack(pages))


def test_a_tiff_packed_as_jpeg_keeps_its_colours(tmp_path: Path) -> None:
    pixels = np.full((32, 32, 3), (200, 90, 30), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.tif", compression="jpeg")
    assert np.abs(open_volume(tmp_path / "a.tif").color[0] - pixels.astype(int)).max() < 5


def test_what_would_be_altered_in_unpacking_is_refused_with_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tifffile.TIFF, "DECOMPRESSORS", {1: None})
    tifffile.imwrite(tmp_path / "a.tif", noise(20, 30, 3, dtype=np.uint16), compression="zlib")
    with pytest.raises(UnsupportedImage, match=r"16 bits.*pip install imagecodecs"):
        open_volume(tmp_path / "a.tif")


def test_low_values_that_mean_white_are_shown_so_and_kept(tmp_path: Path) -> None:
    pixels = noise(20, 30)
    tifffile.imwrite(tmp_path / "a.tif", pixels, photometric="miniswhite")
    volume = open_volume(tmp_path / "a.tif")
    assert volume.negative
    assert np.array_equal(volume.array[0], pixels)
    assert any("MINISWHITE" in note for note in volume.source.notes)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_inks_are_shown_as_the_colours_that_they_print(tmp_path: Path, name: str) -> None:
    pixels = np.full((32, 32, 3), (200, 90, 30), np.uint8)
    Image.fromarray(pixels).convert("CMYK").save(tmp_path / name)
    assert np.abs(open_volume(tmp_path / name).color[0] - pixels.astype(int)).max() < 5


def test_colours_of_floats_are_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((20, 30, 3), np.float32), photometric="rgb")
    with pytest.raises(UnsupportedImage, match="8 or 16 bits"):
        open_volume(tmp_path / "a.tif")


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_truncated_picture_is_named_and_nothing_else_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, share: float
) -> None:
    imageio.imwrite(tmp_path / name, noise(200, 300))
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(UnreadableFile, match=name) as caught:
        open_volume(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.shared
def test_real_pictures_open(shared_data: Path) -> None:
    ct = open_volume(shared_data / "sam-med2d/images/amos_0004_75.png")
    assert (ct.shape, ct.color) == ((1, 512, 512), None)
    ray = open_volume(next((shared_data / "lung-seg-2d").rglob("*.jpg")))
    assert ray.shape[0] == 1
