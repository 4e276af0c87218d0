# The rules of [MS-TSCH] 2.5 (Task Scheduler schema 1.2) that our tasks touch: which elements, in which order where order counts, which values.
# usage: task-rules.py FILE; prints the task as JSON, or fails with the rule that is broken.
import json
import re
import sys
import xml.etree.ElementTree as tree

NAMESPACE = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
DURATION = re.compile(r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?$")
BOOLEAN = re.compile(r"^(true|false)$")
TEXT = re.compile(r"^.+$", re.S)
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")


def words(*values):
    return re.compile("^(" + "|".join(values) + ")$")


BASE = [("Enabled", BOOLEAN), ("StartBoundary", DATE), ("EndBoundary", DATE), ("Repetition", "Repetition"), ("ExecutionTimeLimit", DURATION)]
# name: (order counts, [(child, rule)], [required children])
RULES = {
    "Task": (False, [(n, n) for n in ("RegistrationInfo", "Triggers", "Principals", "Settings", "Actions")], ["Actions"]),
    "RegistrationInfo": (False, [(n, TEXT) for n in ("URI", "Source", "Date", "Author", "Version", "Description")], []),
    "Triggers": (None, [(n, n) for n in ("TimeTrigger", "LogonTrigger", "SessionStateChangeTrigger")], []),
    "TimeTrigger": (True, BASE + [("RandomDelay", DURATION)], ["StartBoundary"]),
    "LogonTrigger": (True, BASE + [("UserId", TEXT), ("Delay", DURATION)], ["UserId"]),
    "SessionStateChangeTrigger": (
        True,
        BASE + [("UserId", TEXT), ("Delay", DURATION), ("StateChange", words("SessionLock", "SessionUnlock"))],
        ["UserId", "StateChange"],
    ),
    "Repetition": (False, [("Interval", DURATION), ("Duration", DURATION), ("StopAtDurationEnd", BOOLEAN)], ["Interval"]),
    "Principals": (None, [("Principal", "Principal")], ["Principal"]),
    "Principal": (
        False,
        [("UserId", TEXT), ("LogonType", words("InteractiveToken")), ("RunLevel", words("LeastPrivilege"))],
        ["UserId", "LogonType"],
    ),
    "Settings": (
        False,
        [(n, BOOLEAN) for n in (
            "AllowStartOnDemand", "DisallowStartIfOnBatteries", "StopIfGoingOnBatteries", "AllowHardTerminate", "StartWhenAvailable",
            "RunOnlyIfNetworkAvailable", "WakeToRun", "Enabled", "Hidden", "RunOnlyIfIdle")]
        + [("MultipleInstancesPolicy", words("Parallel", "Queue", "IgnoreNew", "StopExisting")), ("ExecutionTimeLimit", DURATION),
           ("Priority", re.compile(r"^(\d|10)$")), ("IdleSettings", "IdleSettings"), ("RestartOnFailure", "RestartOnFailure")],
        ["StartWhenAvailable"],
    ),
    "IdleSettings": (False, [("StopOnIdleEnd", BOOLEAN), ("RestartOnIdle", BOOLEAN)], []),
    "RestartOnFailure": (False, [("Interval", DURATION), ("Count", re.compile(r"^([1-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])$"))], ["Interval", "Count"]),
    "Actions": (None, [("Exec", "Exec")], ["Exec"]),
    "Exec": (False, [("Command", TEXT), ("Arguments", TEXT), ("WorkingDirectory", TEXT)], ["Command"]),
}


def check(element, name):
    ordered, children, required = RULES[name]
    allowed = dict(children)
    seen = []
    result = {}
    for child in element:
        tag = child.tag.removeprefix(NAMESPACE)
        assert child.tag.startswith(NAMESPACE), f"{child.tag} is not of the schema's namespace"
        assert tag in allowed, f"{name} may not have {tag}"
        assert ordered is None or tag not in seen, f"{name} has {tag} twice"
        seen.append(tag)
        rule = allowed[tag]
        if isinstance(rule, str):
            result[tag] = check(child, rule)
        else:
            assert len(child) == 0 and rule.match(child.text or ""), f"{name}/{tag} may not be {child.text!r}"
            result[tag] = child.text
    order = [child for child, _ in children]
    assert not ordered or seen == sorted(seen, key=order.index), f"{name} has its elements in the order {seen}"
    missing = [tag for tag in required if tag not in seen]
    assert not missing, f"{name} lacks {missing}"
    return result


with open(sys.argv[1], "rb") as file:
    root = tree.fromstring(file.read())
assert root.tag == NAMESPACE + "Task" and root.get("version") == "1.2"
principals = [one.get("id") for one in root.iter(NAMESPACE + "Principal")]
assert root.find(NAMESPACE + "Actions").get("Context") in principals, "the actions run as a principal that is not there"
print(json.dumps(check(root, "Task")))
