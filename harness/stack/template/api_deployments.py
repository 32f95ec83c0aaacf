"""Deployments of a template's WebSocket API: whether what its stage serves would be there on AWS.

The routes of a stack are there when its stage is. On AWS a stage without AutoDeploy serves what was there when its
deployment was made (G-1, G-2), and CloudFormation makes what does not depend on each other in any order: a template
that works here and not there is refused here too.
"""

import re
from collections.abc import Iterator, Mapping

from harness.stack.template.intrinsics import only_reference
from harness.stack.template.reading import Reading, Resource, is_true

DEPLOYMENT = "AWS::ApiGatewayV2::Deployment"

_NAMED_IN_TEXT = re.compile(r"\$\{([A-Za-z0-9]+)[.}]")


def check_deployment(reading: Reading, stage: Resource, parts: list[Resource]) -> None:
    """Notes what AWS would refuse, or serve otherwise; `parts` are the API's routes and their responses."""
    names_one = reading.property(stage, "DeploymentId") is not None
    if is_true(reading.property(stage, "AutoDeploy")):
        if names_one:
            place = stage.property_location("DeploymentId")
            reading.mistake(
                place, "AWS takes no DeploymentId where AutoDeploy is on (G-11); leave out one of them"
            )
        return
    deployments = [one for one in reading.of_type(DEPLOYMENT) if _is_for(reading, one, stage)]
    if not deployments and not names_one:
        reading.mistake(
            stage.location,
            "has neither AutoDeploy nor a deployment, so AWS refuses every handshake with 403 (G-1); "
            "set AutoDeploy: true",
        )
    elif not deployments:
        place = stage.property_location("DeploymentId")
        reading.mistake(place, f"leads to no deployment ({DEPLOYMENT}) of this template")
    for deployment in deployments:
        _check_order(reading, deployment, parts)


def _is_for(reading: Reading, deployment: Resource, stage: Resource) -> bool:
    named = only_reference(reading.property(stage, "DeploymentId"))
    if named is not None and named.logical_id == deployment.logical_id:
        return True
    told = reading.property(deployment, "StageName")
    reference = only_reference(told)
    if reference is not None:
        return reference.logical_id == stage.logical_id
    return told is not None and told == reading.property(stage, "StageName")


def _check_order(reading: Reading, deployment: Resource, parts: list[Resource]) -> None:
    before = set(_made_before(reading, deployment.logical_id))
    late = [one.logical_id for one in parts if one.logical_id not in before]
    if late:
        reading.mistake(
            deployment.location,
            f"does not depend on {', '.join(late)}, so CloudFormation may make it before, and AWS deploys without "
            f"(G-2, G-3); add DependsOn: [{', '.join(late)}]",
        )


def _made_before(reading: Reading, logical_id: str) -> Iterator[str]:
    """Everything that the resource depends on, however far."""
    waiting, seen = [logical_id], {logical_id}
    while waiting:
        resource = reading.resources.get(waiting.pop())
        if resource is None:
            continue
        for other in (*resource.depends_on, *_named_in(resource.properties)):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                yield other


def _named_in(value: object) -> Iterator[str]:
    """The logical ids that a value names by Ref, Fn::GetAtt and Fn::Sub."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), *_]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            yield from _NAMED_IN_TEXT.findall(text)
        case {"Fn::Sub": [str(text), *more]}:
            yield from _NAMED_IN_TEXT.findall(text)
            yield from _named_in(more)
        case Mapping():
            for one in value.values():
                yield from _named_in(one)
        case list():
            for one in value:
                yield from _named_in(one)
