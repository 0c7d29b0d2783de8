"""What each package offers. A change here is a change of the design: say so in docs/design.md."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

PUBLIC = {
    "calibration": """Check METHODS Sighting Sightings Solution all_checks black_rectangles
        corner_points find_board hand_eye rig_calibration solve""",
    "campaign": """Baseline ClusterEngine EarlyStop Engine Episode EpisodeResult Figure Journal
        LocalEngine Plan Suite Verdict comparison_document evaluate_suite figures_of load_suite
        load_sweep read_baseline refuse_another_suite run_campaign run_episode sweep_plan
        write_pages write_suite_files""",
    "cli": "main",
    "evaluate": """Matches PoseErrors PoseRecall Touch add add_s diameter_m match_by_score
        match_estimates model_points mspd mssd pool_recalls pose_errors pose_recall summarise
        symmetry_rotations touch_test truth_document wilson_interval""",
    "export": """BopDataset BopIndex pinhole read_index refuse_foreign result_lines results_name
        results_text""",
    "grasping": "SlotChoice gaps_to hemmed_in next_slot place_pose plan_grasps",
    "metrology": """CameraReport Curve DEFINITIONS Definition Figure Series measure_camera
        sensors_document""",
    "motion": "MotionPlanner check_limits",
    "perception": """CameraMonitor CellShape Drawing RegisterOptions Registration drawing_of
        perceive register_cells with_codes""",
    "report": """CampaignData ReportData append_line append_pick campaign_markdown
        effect_lines estimates_document json_text junit_xml make_folder ready_file
        render_campaign start_run write_calibration_html write_html write_overview_png
        write_sensors write_summary write_whole""",
    "scene": """ActiveStereo ArmFile CameraModel CameraSpec CaptureTiming Decal DepthSpec Fault
        FaultKind IdealDepth ImagerSpec KinectDepth Light Published SceneModels SceneSpec
        SceneState StrayObject StructuredLight grip_problem kinect_lateral_px kinect_sigma_m
        lay_foreign check_scene data_folder
        draw_scene find_model find_scene load_arm load_camera load_cell load_gripper
        load_materials load_scene nominal_state resolve_scene""",
    "sensors": "CameraRig Labels MovingShot cell_mesh label_look true_camera_pose",
    "station": """CalibrationRun Look RunResult adopt calibrate_rig calibration_document look_once
        run_scene""",
    "store": "read_calibration read_look refuse_foreign write_calibration write_look",
    "structures": """ArmModel Arrangement CalibrationBoard CameraCalibration CameraStatus
        CameraVerdict Capture
        CaptureSet CellEstimates CellModel Contact Cups EstimateStatus ForeignObject
        Grasps GripperModel
        GripperReading Groove Jaws JointTrajectory Material MotionPlan MotionStatus OutcomeStatus
        PickOutcome Recipe ReferenceMark RigCalibration SearchTask Solid SurfaceFeature Symmetry""",
    "world": "FollowReport Tolerances World pour",
}

PACKAGES = Path(__file__).resolve().parents[2] / "src" / "cellpick"


@pytest.mark.parametrize("package", sorted(PUBLIC))
def test_a_package_offers_its_list_and_nothing_else(package):
    module = importlib.import_module(f"cellpick.{package}")
    assert sorted(module.__all__) == sorted(PUBLIC[package].split())
    assert all(hasattr(module, name) for name in module.__all__)


def test_every_package_has_a_list():
    packages = {path.parent.name for path in PACKAGES.glob("*/__init__.py")}
    assert packages - {"geometry"} == PUBLIC.keys()
