import re
from pathlib import Path

import pytest
import yaml

from cellpick.errors import InputError
from cellpick.scene import SceneSpec, load_scene, resolve_scene
from cellpick.scene.documents import parse_yaml
from cellpick.scene.library import data_folder, shipped

SCENES = shipped(data_folder("scenes"))


def scene_file(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SCENES)
def test_every_shipped_scene_resolves(name: str) -> None:
    models = resolve_scene(load_scene(name))
    assert models.spec.name == name
    assert 0 < models.cell_count <= len(models.Ts_module_slot)


def test_the_promised_scenes_are_shipped() -> None:
    assert {"prismatic_tray", "cylindrical_tray"} <= set(SCENES)


def test_a_name_and_its_path_load_the_same() -> None:
    path = data_folder("scenes") / "prismatic_tray.yaml"
    assert load_scene("prismatic_tray") == load_scene(path)
    assert load_scene(path).source == str(path)


def test_an_empty_map_is_a_scene_of_defaults(tmp_path: Path) -> None:
    spec = load_scene(scene_file(tmp_path, "{}\n"))
    assert spec.model_dump() == SceneSpec(name="mine").model_dump()


@pytest.mark.parametrize(
    ("override", "read"),
    [
        ("tray.yaw_deg=170", lambda s: s.tray.yaw_deg == 170),
        ("tray.jitter.tilt_deg=1e-1", lambda s: s.tray.jitter.tilt_deg == 0.1),
        ("tray.pitch_mm=[150, 30.5]", lambda s: s.tray.pitch_mm == (150, 30.5)),
        ("lights.1.strength=0.9", lambda s: [x.strength for x in s.lights] == [1.4, 0.9]),
        ("module.polarity.0='-x'", lambda s: s.module.polarity == ("-x", "-x")),
        ("rig.mount=fixed", lambda s: s.rig.mount == "fixed"),
        ("lights=[]", lambda s: s.lights == ()),
        ("tray.cells=7", lambda s: s.tray.cells == 7),
        ("description=a=b", lambda s: s.description == "a=b"),
    ],
)
def test_an_override_changes_its_key_and_no_other(override: str, read: object) -> None:
    assert callable(read)
    spec, plain = load_scene("prismatic_flush", [override]), load_scene("prismatic_flush")
    assert read(spec)
    assert not read(plain)
    top = override.partition("=")[0].partition(".")[0]
    assert spec.model_dump(exclude={top}) == plain.model_dump(exclude={top})


def test_later_overrides_win() -> None:
    assert load_scene("prismatic_tray", ["seed=1", "seed=2"]).seed == 2


def test_the_resolved_scene_loads_to_the_same(tmp_path: Path) -> None:
    spec = load_scene("cylindrical_tray", ["tray.yaw_deg=3"])
    path = scene_file(tmp_path, yaml.safe_dump(spec.model_dump(mode="json")))
    assert load_scene(path).model_dump() == spec.model_dump()


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("tray.rowz=3", "tray.rowz: unknown key; did you mean 'rows'?"),
        ("cel=x", "cel: unknown key; did you mean 'cell'?"),
        ("lights.0.colour=1", "lights.0.colour: unknown key"),
        ("tray.rows=true", "tray.rows: must be a valid integer; got True; accepted: a whole"),
        ("tray.rows='6'", "tray.rows: must be a valid integer; got '6'"),
        ("tray.rows=2.5", "tray.rows: must be a valid integer"),
        ("tray.rows=0", "accepted: a whole number >= 1 and <= 100"),
        ("tray.pitch_mm=[150]", "tray.pitch_mm.1: a required key is missing"),
        ("tray.pitch_mm=[1, 2, 3]", "tray.pitch_mm: a list should have at most 2 items"),
        ("tray.gap_mm=.nan", "tray.gap_mm: must be a finite number; got nan"),
        ("tray.gap_mm=-.inf", "tray.gap_mm: must be a finite number"),
        ("tray.gap_mm=2000", "tray.gap_mm: must be less than or equal to 100; got 2000"),
        ("tray=5", "tray: must be a map; got 5; accepted: a map of arrangement, cells"),
        ("rig.mount=ceiling", "rig.mount: must be 'flange' or 'fixed'; got 'ceiling'"),
        ("rig.cameras=[]", "rig.cameras: a list should have at least 1 item"),
        ("tray.rows.x=1", "--set: tray.rows.x: the path leads into a plain value; got 6"),
        ("tray.rows.x.y=1", "--set: tray.rows.x.y: the path leads into a plain value"),
        ("lights.7.strength=1", "no such place in the list; got '7'; accepted: 0 to 1"),
        ("junk", "--set: an override must be path=value; got 'junk'"),
        ("a..b=1", "--set: an override must be path=value"),
        ("tray.rows=[1", "--set: tray.rows: the value is not valid YAML"),
        ("seed=-1", "seed: must be greater than or equal to 0; got -1"),
    ],
)
def test_a_bad_override_is_refused_with_key_value_and_remedy(override: str, words: str) -> None:
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        load_scene("prismatic_tray", [override])
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tray: {rows: 1, rows: 2}", "is not valid YAML: line 1, column 7: a key is given twice"),
        ("tray: [", "is not valid YAML"),
        ("- a\n- b", "must hold keys and values; got 'a list'; accepted: a YAML file"),
        ("", "must hold keys and values; got 'nothing'"),
        ("tray:\n  gap_m: 0.002\n", "tray.gap_m: unknown key; did you mean 'gap_mm'?"),
        ("seed: 2024-01-01\n", "seed: must be a valid integer"),
    ],
)
def test_a_bad_file_is_refused_by_name(tmp_path: Path, text: str, words: str) -> None:
    path = scene_file(tmp_path, text)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        load_scene(path)
    assert str(caught.value).startswith(str(path))


def test_a_key_may_override_what_a_merge_brings() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: [*b], y: 3}"
    assert parse_yaml(text)["b"] == {"x": 1, "y": 2}
    assert parse_yaml(text)["c"] == {"x": 1, "y": 3}
    for twice in ("{<<: {x: 1}, y: 1, y: 2}", "{<<: {x: 1, x: 2}}"):
        with pytest.raises(yaml.YAMLError, match="a key is given twice"):
            parse_yaml(twice)


def test_a_binary_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "noise.yaml"
    path.write_bytes(bytes(range(128, 256)))
    with pytest.raises(InputError, match=r"noise\.yaml: is not text"):
        load_scene(path)


def test_an_unknown_scene_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match=r"did you mean 'prismatic_tray'\?.*cylindrical_tray"):
        load_scene("prismatic_trey")
    with pytest.raises(InputError, match=r"no such scene; got 'no/such\.yaml'"):
        load_scene("no/such.yaml")


def test_every_key_is_described_in_the_schema() -> None:
    schema = SceneSpec.model_json_schema()
    for name, part in [("SceneSpec", schema), *schema["$defs"].items()]:
        for key, field in part["properties"].items():
            named = schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {})
            assert field.get("description") or named.get("description"), f"{name}.{key}"
        assert part["additionalProperties"] is False
