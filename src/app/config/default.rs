//! The configuration that `kplumb config` prints: every setting at its default, commented out, with what it does.

use crate::app::command::COMMANDS;
use std::fmt::Write;

const HEAD: &str = r#"# kplumb reads this from $XDG_CONFIG_HOME/kplumb/config.toml. Everything is optional; what is
# commented out shows the default.

# Colours: default, light, contrast, dusk, or a file of the themes folder beside this one.
#theme = "default"

# auto honours NO_COLOR and CLICOLOR_FORCE; also always, never.
#color = "auto"

# Click selects, the wheel scrolls. With false the terminal selects text as usual.
#mouse = true

# How text is copied: auto tries system, osc52, command, then a file; or name one.
#clipboard = "auto"

# tls: certificates of TLS Secrets are read, other Secrets only when their table is opened.
# never: no Secret is ever asked for.
#secrets = "tls"

# With true, the names of a path on screen are looked up in this machine's DNS; else only with the key.
#live-dns = false

# The image of containers that :debug adds to pods.
#debug-image = "busybox"

# Write a log to this file.
#log = ""

# How much of each log view is kept, in MiB; what is older is let go.
#log-memory = 64

# How much of what is older goes into a file, in MiB: still scrolled to, searched, filtered and saved. The file is yours
# alone, has no name, and is gone with the view, also after a crash. Each line costs 32 bytes of memory all the same.
#log-disk = 0

# The context to start in; none for the kubeconfig's own.
#context = ""

# Namespaces on the digits 1 to 9.
#namespaces = []

# Other names for lines of the palette.
[aliases]
#dp = "deployments"
#broken = "pods /status:failed"

# Columns to leave out, by kind.
[columns]
#pods = { hide = ["NODE"] }

# Keys, by command: they take the place of the command's own.
[keys]
"#;

/// The commented default configuration.
pub fn default_toml() -> String {
    let mut text = HEAD.to_owned();
    for command in COMMANDS {
        let keys: Vec<String> = command.keys.iter().map(|key| format!("{key:?}")).collect();
        let _ = writeln!(text, "# {}\n#{} = [{}]", command.help, command.name, keys.join(", "));
    }
    text
}
