//! What the title says of who sees to it that nothing is written is true: the server itself refuses.

use std::time::Duration;

use kplumb::app::settings::Settings;
use serde_json::json;

use crate::acts::keeper;
use crate::control_plane::{ControlPlane, Request, Settings as Plane};
use crate::program::Program;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

/// Gardeners may do everything, as a group; readers may look, as the ClusterRole `view` has it.
const BINDINGS: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: gardeners}
subjects: [{kind: Group, name: gardeners, apiGroup: rbac.authorization.k8s.io}]
roleRef: {kind: ClusterRole, name: cluster-admin, apiGroup: rbac.authorization.k8s.io}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: kplumb-readonly}
subjects:
- {kind: Group, name: kplumb-readonly, apiGroup: rbac.authorization.k8s.io}
- {kind: User, name: guest, apiGroup: rbac.authorization.k8s.io}
roleRef: {kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}
";

fn policy(context: &str, group: &str) -> String {
    format!("[[policy]]\nmatch = {{ context = \"{context}\" }}\nmode = \"observe\"\n{group}\n")
}

fn map(name: &str) -> Request {
    let body = json!({"metadata": {"name": name}}).to_string();
    Request::post(MAPS, body.as_bytes())
}

#[test]
fn the_title_says_who_refuses_writes() {
    let plane = ControlPlane::start(&Plane { nodes: 0, ..Plane::default() });
    plane.apply(BINDINGS);
    let list = Request::get(MAPS).by("guest");
    plane.wait_for("the rights to look", || plane.send(&list).status == 200);
    plane.wait_for("the rights to write", || plane.send(&map("before").by("gibbon")).status != 403);
    // Who may only look is told so.
    let mut program = Program::start(&plane.kubeconfig("guest"), &policy("guest", ""), Settings::default());
    program.until("observe (server-enforced)");
    assert_eq!(plane.send(&map("guest").by("guest")).status, 403);
    // Who may do more is held by the guard alone.
    let mut program = Program::start(&keeper(&plane, "user-0"), &policy("user-0", ""), Settings::default());
    program.until("observe (client guard)");
    // Fewer rights by choice: ourselves, in one group alone.
    let group = "read_only_group = \"kplumb-readonly\"";
    let mut program = Program::start(&plane.kubeconfig("gibbon"), &policy("gibbon", group), Settings::default());
    program.until("observe (server-enforced)");
    program.until("✔ live");
    let weaker = |request: Request| {
        request.by("gibbon").with("impersonate-user", "gibbon").with("impersonate-group", "kplumb-readonly")
    };
    assert_eq!(plane.send(&weaker(Request::get(MAPS))).status, 200);
    let refused = plane.send(&weaker(map("around-the-guard")));
    assert_eq!((refused.status, refused.json()["reason"].as_str()), (403, Some("Forbidden")));
    assert_eq!(plane.send(&map("with-all-rights").by("gibbon")).status, 201);
    let log = std::fs::read_to_string(plane.folder().join("audit.log")).unwrap();
    let looks = |line: &&str| line.contains("\"verb\":\"watch\"") && line.contains("\"username\":\"gibbon\"");
    let watches: Vec<&str> = log.lines().filter(looks).filter(|line| line.contains("\"resource\":\"pods\"")).collect();
    assert!(!watches.is_empty() && watches.iter().all(|line| line.contains("impersonatedUser")), "{watches:#?}");
    // A group that sees nothing is said to be no good, and is not used.
    let group = "read_only_group = \"nobody-binds-this\"";
    let mut program = Program::start(&plane.kubeconfig("gibbon"), &policy("gibbon", group), Settings::default());
    program.until("not as a member of nobody-binds-this: it may not list pods");
    program.until("observe (client guard)");
    // Who may not impersonate keeps his rights, too.
    let mut program = Program::start(&plane.kubeconfig("guest"), &policy("guest", group), Settings::default());
    program.until("you may not impersonate yourself, guest");
    program.run(Duration::from_millis(100));
    assert!(!program.screen().contains("unreachable"));
}
