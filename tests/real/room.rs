//! A network of a test's own, in which a control plane, real controllers, echo servers and the test itself live:
//! EndpointSlices refuse loopback addresses, and controllers want ports 80 and 443.
//!
//! The test runs this binary again inside `unshare`, with itself as the only test; everything ends with it.

pub mod dns;
pub mod echo;
pub mod http;
pub mod model;
pub mod place;

use std::process::{Command, Stdio};

/// Says that this process is inside already.
const INSIDE: &str = "KPLUMB_ROOM";

/// Gives the network its addresses, and goes on with the arguments.
const FURNISH: &str = r#"
set -e
ip link set lo up
ip address add 10.9.0.1/16 dev lo
ip address add 10.96.0.1/16 dev lo
exec "$@"
"#;

/// Runs a test inside a network of its own, in which 10.9.0.0/16 and 10.96.0.0/16 are this machine.
///
/// `name` is the test's name as the test binary lists it.
pub fn inside(name: &str, test: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        return test();
    }
    let spaces = Command::new("unshare").args(["-Urn", "true"]).stdin(Stdio::null()).output();
    let spaces = spaces.unwrap_or_else(|error| panic!("this test needs unshare, of util-linux: {error}"));
    assert!(
        spaces.status.success(),
        "this test needs user namespaces, and they are off here: {}",
        String::from_utf8_lossy(&spaces.stderr)
    );
    let binary = std::env::current_exe().expect("the path of this test binary");
    let output = Command::new("unshare")
        .args(["-Urn", "--kill-child", "sh", "-c", FURNISH, "sh"])
        .arg(binary)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(INSIDE, "yes")
        .stdin(Stdio::null())
        .output()
        .expect("unshare starts");
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{name} failed in its room, see above");
    assert!(text.contains("1 passed"), "no test is called {name}");
}
