"""A training run must survive a kill and end in a file that the package can load."""

import dataclasses
import errno

import pytest
import torch
from safetensors.torch import load_file

from napari_samunet.errors import BadUsage, InputError
from napari_samunet.models.load import load_model
from napari_samunet.training.config import SceneConfig, TrainConfig, read_config
from napari_samunet.training.log import add_row, read_rows
from napari_samunet.training.loop import Trainer
from napari_samunet.training.loss import answer_loss, mask_loss, overlap_iou
from napari_samunet.training.progress import Progress

SCENES = SceneConfig(side=96, scenes_at_once=2, targets_per_scene=4, pool=8, workers=0)
TINY = TrainConfig(images=6, batch=2, rounds=2, save_every=1, scenes=SCENES)
ONE_STEP = dataclasses.replace(TINY, images=2)


@pytest.fixture
def finished(tmp_path):
    """A run of one step that was stopped, then taken up to its end."""
    Trainer(ONE_STEP, tmp_path, "cpu").run()
    resumed = Trainer(TINY, tmp_path, "cpu")
    assert resumed.step == 1
    return resumed, resumed.run()


def test_a_stopped_run_goes_on_and_its_weights_load(finished):
    trainer, weights = finished
    assert trainer.step == 3
    system = load_model(str(weights), device="cpu")
    assert system.name == "builtin"
    assert system.contract.zoom
    assert weights.stat().st_size < 30e6


@pytest.mark.parametrize("own", [True, False])
def test_half_precision_is_for_processors_that_have_it_others_take_ten_times_as_long(
    own, tmp_path, monkeypatch
):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: own)
    trainer = Trainer(ONE_STEP, tmp_path, "cpu")

    def look(module, given, made):
        raise KeyboardInterrupt(made.dtype)  # seen: the rest would take long

    trainer.model.image_encoder.sam_img_encoder.patch_embed.register_forward_hook(look)
    with pytest.raises(KeyboardInterrupt, match="bfloat16" if own else "float32"):
        trainer.run()


@pytest.mark.parametrize("spoilt", ["another network", "cut short"])
def test_a_folder_with_a_state_that_does_not_fit_is_named(spoilt, tmp_path):
    state = tmp_path / "state.pt"
    torch.save({"model": {"other": torch.zeros(3)}}, state)
    if spoilt == "cut short":
        state.write_bytes(state.read_bytes()[:-200])
    before = state.read_bytes()
    with pytest.raises(BadUsage, match="another folder") as told:
        Trainer(TINY, tmp_path, "cpu")
    assert str(tmp_path) in str(told.value)
    assert state.read_bytes() == before


def test_weights_that_were_deleted_since_the_run_ended_are_written_again(finished):
    trainer, weights = finished
    before = load_file(weights)
    weights.unlink()
    again = load_file(Trainer(TINY, trainer.folder, "cpu").run())
    assert all(torch.equal(again[name], tensor) for name, tensor in before.items())


def test_a_run_that_ended_keeps_weights_that_were_calibrated_since(finished):
    trainer, weights = finished
    weights.write_bytes(b"calibrated")
    assert Trainer(TINY, trainer.folder, "cpu").run().read_bytes() == b"calibrated"


def _full(*_arguments, **_options):
    raise OSError(errno.ENOSPC, "No space left on device")


class _FullFile:
    """Takes a little."""

    def __init__(self, file) -> None:
        self._file = file

    def __getattr__(self, name):
        return getattr(self._file, name)

    def write(self, content) -> int:
        if self._file.tell() + len(content) > 5000:
            _full()
        return self._file.write(content)


_SAVE = torch.save


def _saved_to_full(state, file):
    """PyTorch closes its archive after a failed write, which fails with an error of its own."""
    _SAVE(state, _FullFile(file))


@pytest.mark.parametrize(
    ("writer", "full"),
    [
        ("torch.save", _full),
        ("torch.save", _saved_to_full),
        ("napari_samunet.training.weights.save", _full),
    ],
)
def test_a_full_disk_is_one_plain_line_and_the_run_goes_on_once_there_is_room(
    writer, full, tmp_path, monkeypatch
):
    trainer = Trainer(ONE_STEP, tmp_path, "cpu")
    monkeypatch.setattr(writer, full)
    with pytest.raises(InputError, match="No space left") as told:
        trainer.run()
    monkeypatch.undo()
    assert str(tmp_path) in str(told.value)
    assert "make room" in str(told.value)
    assert not list(tmp_path.glob("*.part"))
    assert not (tmp_path / "state.pt").exists()  # it would vouch for weights that are not there
    assert load_model(str(Trainer(ONE_STEP, tmp_path, "cpu").run()), device="cpu").name == "builtin"


@pytest.mark.parametrize("writer", ["loop.add_row", "progress.Progress.draw"])
def test_a_log_or_a_picture_that_has_no_room_is_one_plain_line_too(writer, tmp_path, monkeypatch):
    monkeypatch.setattr(f"napari_samunet.training.{writer}", _full)
    with pytest.raises(InputError, match="make room"):
        Trainer(ONE_STEP, tmp_path, "cpu").run()


def test_a_run_goes_on_after_half_a_line_in_its_log(finished):
    trainer, _ = finished
    log = trainer.folder / "log.jsonl"
    whole = log.read_bytes()
    log.write_bytes(whole + b'{"step": 3, "im')
    longer = dataclasses.replace(TINY, images=8)
    Trainer(longer, trainer.folder, "cpu").run()
    assert log.read_bytes().startswith(whole)
    assert [row["step"] for row in read_rows(log)] == [1, 3, 4]


def test_a_run_goes_on_with_what_its_configuration_says_now(finished):
    trainer, _ = finished
    changed = dataclasses.replace(TINY, images=12, batch=3, weight_decay=0.5)
    resumed = Trainer(changed, trainer.folder, "cpu")
    assert resumed.optimizer.param_groups[0]["weight_decay"] == 0.5
    assert resumed.step * changed.batch == 6, "so many images were seen, whatever the batch"


def test_a_run_is_saved_before_it_is_looked_at(tmp_path, monkeypatch):
    def stumble(*_arguments):
        raise RuntimeError("over a slice")

    monkeypatch.setattr("napari_samunet.training.progress.Progress.measure", stumble)
    with pytest.raises(RuntimeError):
        Trainer(ONE_STEP, tmp_path, "cpu").run()
    assert Trainer(ONE_STEP, tmp_path, "cpu").step == 1


def test_a_look_that_was_cut_off_is_made_up(tmp_path, monkeypatch):
    def stumble(*_arguments):
        raise RuntimeError("killed")

    monkeypatch.setattr(Progress, "measure", stumble)
    with pytest.raises(RuntimeError):
        Trainer(ONE_STEP, tmp_path, "cpu").run()
    looks = []

    def measure(*_arguments):
        looks.append("measured")
        return {"dev_box": 0.5}

    monkeypatch.setattr(Progress, "measure", measure)
    monkeypatch.setattr(Progress, "draw", lambda *_: looks.append("drawn"))
    for _again in range(2):
        Trainer(ONE_STEP, tmp_path, "cpu").run()
    assert looks == ["measured", "drawn"]
    assert [row["dev_box"] for row in read_rows(tmp_path / "log.jsonl")] == [0.5]


def test_steps_that_are_taken_again_stand_in_the_log_once(finished):
    trainer, _ = finished
    log = trainer.folder / "log.jsonl"
    rows = read_rows(log)
    for images in (8, 10):
        add_row(log, {**rows[-1], "images": images})
    Trainer(dataclasses.replace(TINY, images=8), trainer.folder, "cpu").run()
    assert [row["images"] for row in read_rows(log)] == [2, 6, 8]


def test_a_run_without_warmup_begins_at_its_full_rate(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("warmup = 0")
    trainer = Trainer(dataclasses.replace(TINY, warmup=read_config(path).warmup), tmp_path, "cpu")
    assert trainer._learning_rate() == TINY.learning_rate


def test_a_right_answer_costs_less_than_a_wrong_one():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    right = masks * 20.0 - 10
    assert mask_loss(right, masks) < 0.01
    assert mask_loss(-right, masks) > 1
    assert overlap_iou(right, masks) == 1


def test_after_one_click_any_meaning_of_it_may_be_right():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    right = masks[0] * 20.0 - 10
    logits = torch.stack([right[0], -right[0], right[0], -right[0]])[None]
    scores = torch.tensor([[1.0, 0.0, 1.0, 0.0]])
    assert answer_loss(logits, scores, masks, ambiguous=True) < 0.05


def test_a_meaning_that_is_only_judged_costs_what_its_score_is_wrong_by():
    masks = torch.zeros(1, 1, 16, 16, dtype=torch.bool)
    masks[..., 4:12, 4:12] = True
    wrong = (masks * -20.0 + 10).repeat(1, 4, 1, 1)
    honest, boasting = torch.zeros(1, 4), torch.ones(1, 4)
    assert answer_loss(wrong, honest, masks, ambiguous=False, judged=True) == 0
    assert answer_loss(wrong, boasting, masks, ambiguous=False, judged=True) == 1


def test_after_a_click_every_meaning_is_looked_at_now_and_then(tmp_path):
    trainer = Trainer(TINY, tmp_path, "cpu")
    masks = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    masks[..., :2, :2] = True
    right = masks.float() * 2 - 1
    logits = torch.cat([0.1 * right, 0.2 * right, 0.3 * -right, 0.4 * -right], 1)
    seen = {
        (round(float(found.abs().max()), 1), judged)
        for found, judged in (trainer._meaning(logits, masks) for _ in range(200))
    }
    assert seen == {(0.1, False), (0.2, False), (0.2, True), (0.3, True), (0.4, True)}


def test_the_shipped_configuration_is_understood():
    from napari_samunet.assets import asset

    assert read_config(asset("train/builtin.toml")).member == "builtin"


@pytest.mark.parametrize("text", ["member = ", "colour = 3"])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(BadUsage, match=r"x\.toml"):
        read_config(path)
