"""The suite file: every key that it may have."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from cellpick.scene.documents import Strict

Confidence = Annotated[float, Field(gt=0.5, lt=1)]
Rate = Annotated[float, Field(gt=0, lt=1)]
CaseName = Annotated[str, Field(max_length=100, pattern=r"^[^\s\p{Cc}]([^\p{Cc}]*[^\s\p{Cc}])?$")]
"""One line without control characters."""
SuiteName = Annotated[str, Field(max_length=100, pattern=r"^[\w.-]*$")]
"""A folder is named by it."""
Values = Annotated[tuple[Any, ...], Field(min_length=1)]


class LimitSpec(Strict):
    """What one figure must hold; a plain number is the limit alone."""

    limit: float = Field(description="Least or largest value, as the figure has it.")
    confidence: Confidence | None = Field(
        None,
        description=(
            "The limit must hold for the figure's one-sided confidence bound of this level. "
            "Default: for the figure itself."
        ),
    )

    @model_validator(mode="before")
    @classmethod
    def _from_a_number(cls, value: Any) -> Any:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        return {"limit": value} if plain else value


class CaseSpec(Strict):
    """A scene, what is changed in it, how often it runs and what must hold."""

    name: CaseName = Field(description="Names its rows, its test cases and its plots.")
    scene: str = Field(
        description="Name of a shipped scene, or a path, which starts at the suite's folder."
    )
    set: dict[str, Any] = Field({}, description="Scene key -> value, as of `--set`.")
    grid: dict[str, Values] = Field(
        {}, description="Scene key -> values: one case for each of their combinations."
    )
    seeds: Any = Field(
        None, description="A number of seeds, ranges, or a list. Default: the suite's."
    )
    thresholds: dict[str, LimitSpec] = Field(
        {}, description="Figure -> limit, over those of the suite."
    )


class SequentialSpec(Strict):
    """When `--sequential` may stop: success of all cells of the suite, tested as it runs."""

    good: Rate = Field(description="Success rate that shall pass.")
    bad: Rate = Field(description="Lower success rate that shall fail.")
    alpha: Rate = Field(0.01, description="Largest chance that the good rate fails.")
    beta: Rate = Field(0.05, description="Largest chance that the bad rate passes.")


class SuiteSpec(Strict):
    """Cases and what must hold in them."""

    name: SuiteName = Field("", description="The suite's name. Default: the file's.")
    description: str = Field("", description="What it is for.")
    confidence: Confidence = Field(0.95, description="Of the intervals that are shown.")
    seeds: Any = Field(1, description="Seeds of cases that name none.")
    thresholds: dict[str, LimitSpec] = Field(
        {}, description="Limits of every case that has the figure."
    )
    sequential: SequentialSpec | None = Field(
        None, description="When `--sequential` may stop early. Default: never."
    )
    cases: Annotated[tuple[CaseSpec, ...], Field(min_length=1)] = Field(description="What is run.")
