//! The flags and commands, as data: parser, help, completions and manual page all come from here.

pub mod logs;
pub mod trace;

use crate::wire::Timestamp;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// A terminal cluster inspector for Kubernetes.
#[derive(Debug, Parser)]
#[command(name = "kplumb", version, about, max_term_width = 100, subcommand_precedence_over_arg = true)]
#[command(after_help = "Examples:
  kplumb                      open the current context
  kplumb pods -A              open the pods of all namespaces
  kplumb deploy -n shop-prod  open the deployments of one namespace
  kplumb --demo               look around in the embedded clusters
  kplumb ':ctx staging'       run one palette line at start")]
pub struct Args {
    /// Flags that every command takes.
    #[command(flatten)]
    pub common: Common,
    /// What to do instead of opening the screen.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to open: a kind or alias (pods, deploy), home, or any palette line that begins with a colon
    #[arg(value_name = "VIEW")]
    pub view: Option<String>,
}

/// Flags that every command takes.
#[derive(Clone, Debug, Default, ClapArgs)]
pub struct Common {
    /// Read this kubeconfig instead of $KUBECONFIG, ~/.kube/config or the cluster around (--kubeconfig ./k3s.yaml)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Connection")]
    pub kubeconfig: Option<PathBuf>,
    /// Start in this context (--context staging)
    #[arg(long, global = true, value_name = "NAME", help_heading = "Connection")]
    pub context: Option<String>,
    /// Show this namespace; may be repeated (-n shop-prod -n shop-dev)
    #[arg(short, long = "namespace", global = true, value_name = "NS", help_heading = "Connection")]
    pub namespaces: Vec<String>,
    /// Show all namespaces (-A)
    #[arg(short = 'A', long, global = true, conflicts_with = "namespaces", help_heading = "Connection")]
    pub all_namespaces: bool,
    /// Act as this user (--as jane)
    #[arg(long = "as", global = true, value_name = "USER", help_heading = "Connection")]
    pub as_user: Option<String>,
    /// Act as a member of this group; may be repeated (--as-group kplumb-readonly)
    #[arg(long = "as-group", global = true, value_name = "GROUP", requires = "as_user", help_heading = "Connection")]
    pub as_groups: Vec<String>,
    /// Use the embedded clusters instead of a kubeconfig: contexts shop, free4chat, mydemo (--demo)
    #[arg(long, global = true, conflicts_with = "kubeconfig", help_heading = "Connection")]
    pub demo: bool,
    /// What may be done to the cluster; flags only tighten what the policy allows (--mode observe)
    #[arg(long, global = true, value_enum, value_name = "MODE", help_heading = "Safety")]
    pub mode: Option<Mode>,
    /// The same as --mode observe: nothing can be written (--read-only)
    #[arg(long, global = true, alias = "readonly", conflicts_with = "mode", help_heading = "Safety")]
    pub read_only: bool,
    /// Read this configuration instead of the default one (--config ./kplumb.toml)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Appearance")]
    pub config: Option<PathBuf>,
    /// Use this theme: default, light, contrast, or a file of the themes folder (--theme light)
    #[arg(long, global = true, value_name = "NAME", help_heading = "Appearance")]
    pub theme: Option<String>,
    /// Colours: auto honours NO_COLOR and CLICOLOR_FORCE (--color never)
    #[arg(long, global = true, value_enum, value_name = "WHEN", help_heading = "Appearance")]
    pub color: Option<Color>,
    /// Write a log to this file (--log-file /tmp/kplumb.log)
    #[arg(long, global = true, value_name = "PATH", help_heading = "Diagnosis")]
    pub log_file: Option<PathBuf>,
    /// Log more: -v requests, -vv everything
    #[arg(short, global = true, action = clap::ArgAction::Count, help_heading = "Diagnosis")]
    pub verbose: u8,
    /// Freeze the clock at this instant, for pictures and tests (--now 2026-11-20T10:42:07Z)
    #[arg(long, global = true, value_name = "TIME", value_parser = instant, help_heading = "Diagnosis")]
    pub now: Option<Timestamp>,
}

/// What may be done to a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Nothing can be written.
    Observe,
    /// Dry runs too.
    Preview,
    /// Everything that the policy allows, each after a confirmation.
    Operate,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// When the terminal can.
    Auto,
    /// Even into a pipe.
    Always,
    /// Not at all.
    Never,
}

/// What to do instead of opening the screen.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Follow one request, hop by hop, to where it ends and why
    #[command(after_help = "Examples:
  kplumb trace https://shop.example.com/cart
  kplumb trace ingress/web -n shop -o json
  kplumb trace pod/web-0 -n shop
  kplumb trace https://shop.example.com/ -f deploy/ --dns shop.example.com=203.0.113.10

Exit codes: 0 fine, 1 broken, 2 wrong usage or unreadable input, 3 unknown")]
    Trace(trace::Trace),
    /// Follow every route of the cluster, or of manifests, and list what is broken, worst first
    #[command(after_help = "Examples:
  kplumb check -A
  kplumb check -f deploy/ -o json --fail-on warn

Exit codes: 0 fine, 1 broken, 2 wrong usage or unreadable input, 3 unknown")]
    Check(trace::Check),
    /// Follow the logs of pods, workloads, Services, Ingresses, nodes or namespaces, through restarts, rollouts and cuts
    #[command(after_help = "Examples:
  kplumb logs deploy/web -n shop-prod
  kplumb logs web-0 -c app --since 10m --no-follow
  kplumb logs -l app=web --include timeout --min-level warn
  kplumb logs -n shop-prod -o json | jq .message

Lines go to standard output; restarts, reconnects and gaps to standard error (with -o json they are records).
Exit codes: 0 fine, 2 wrong usage or unreadable, 3 not allowed")]
    Logs(logs::Logs),
    /// Draw one screen without a terminal
    #[command(after_help = "Example:\n  kplumb screen --demo --keys ':pods<enter>jj' --size 160x50 -o svg > pods.svg")]
    Screen(Screen),
    /// Serve the embedded clusters over HTTP, so that kubectl and every other client can talk to them
    #[command(after_help = "Example:\n  kplumb demo --listen 127.0.0.1:8001 > /tmp/demo.kubeconfig")]
    Demo(Demo),
    /// Print the local record of every action, and check that nobody changed it
    #[command(
        after_help = "Example:\n  kplumb audit --since 24h -o json\n\nExit codes: 0 fine, 1 the record was changed, 2 it cannot be read"
    )]
    Audit(Audit),
    /// Print the commented default configuration, or carry one over from another tool
    #[command(after_help = "Example:\n  kplumb config > ~/.config/kplumb/config.toml")]
    Config(Config),
    /// Print the completions of a shell
    #[command(after_help = "Example:\n  kplumb completions zsh > ~/.zfunc/_kplumb")]
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    #[command(after_help = "Example:\n  kplumb man | man -l -")]
    Man,
}

/// Flags of `kplumb screen`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Screen {
    /// What to open, as for kplumb itself
    #[arg(value_name = "VIEW")]
    pub view: Option<String>,
    /// Keys to press once the screen has settled
    #[arg(
        long,
        help = "Keys to press once the screen has settled (--keys ':pods<enter>jj')",
        value_name = "KEYS",
        default_value = ""
    )]
    pub keys: String,
    /// Columns and rows (--size 160x50)
    #[arg(long, value_name = "WxH", default_value = "80x24", value_parser = size)]
    pub size: (u16, u16),
    /// How to print it (-o svg)
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: Output,
    /// Stop when nothing has changed for this long, at most 15 s (--settle 2s)
    #[arg(long, value_name = "TIME", default_value = "300ms", value_parser = duration)]
    pub settle: Duration,
    /// Show the demo's story at this moment (--story 45s)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub story: Option<Duration>,
}

/// How `kplumb screen` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// Characters only.
    Text,
    /// With escape sequences for colours.
    Ansi,
    /// A picture.
    Svg,
}

/// Flags of `kplumb demo`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Demo {
    /// Address to listen on; port 0 picks a free one (--listen 127.0.0.1:8001)
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
}

/// Flags of `kplumb audit`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Audit {
    /// Only what was done in this time (--since 24h)
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub since: Option<Duration>,
    /// How to print it (-o json)
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: trace::Printed,
}

/// Flags of `kplumb config`.
#[derive(Clone, Debug, ClapArgs)]
pub struct Config {
    /// Carry a configuration over (import k9s, or import k9s ~/.config/k9s)
    #[command(subcommand)]
    pub action: Option<ConfigAction>,
}

/// What to do with the configuration.
#[derive(Clone, Debug, Subcommand)]
pub enum ConfigAction {
    /// Print a configuration made from another tool's, and say what cannot be carried over
    Import {
        /// The other tool
        #[arg(value_enum)]
        tool: Tool,
        /// Where its configuration lies, if not at the usual place
        path: Option<PathBuf>,
    },
}

/// Tools whose configuration can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Tool {
    /// k9s.
    K9s,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "not an instant: write it like 2026-11-20T10:42:07Z".to_owned())
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let numbers = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    let bad = || "not a size: write it like 160x50, at most 1000x1000".to_owned();
    numbers.filter(|&(w, h)| 1 <= w && w <= 1000 && 1 <= h && h <= 1000).ok_or_else(bad)
}

/// Reads `300ms`, `2s`, `1.5m`, `1h`; a bare number is seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let bad = || "not a duration: write it like 300ms, 2s, 1.5m or 1h".to_owned();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return Err(bad()),
    };
    let number: f64 = number.parse().map_err(|_| bad())?;
    Duration::try_from_secs_f64(number * scale).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definitions_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_view_and_a_command_are_told_apart() {
        let pods = Args::try_parse_from(["kplumb", "pods", "-A"]).unwrap();
        assert!(pods.command.is_none() && pods.common.all_namespaces);
        assert_eq!(pods.view.as_deref(), Some("pods"));
        let line = Args::try_parse_from(["kplumb", ":trace https://shop.example.com/"]).unwrap();
        assert_eq!(line.view.as_deref(), Some(":trace https://shop.example.com/"));
        let screen = Args::try_parse_from(["kplumb", "screen", "pods", "--demo", "--size", "160x50"]).unwrap();
        let Some(Command::Screen(screen)) = screen.command else { panic!("not the screen command") };
        assert_eq!((screen.view.as_deref(), screen.size), (Some("pods"), (160, 50)));
    }

    #[test]
    fn durations_and_sizes_are_read_or_refused_with_an_example() {
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(duration("soon").unwrap_err().contains("300ms"));
        assert!(duration("-3s").is_err());
        assert!(size("0x24").unwrap_err().contains("160x50"));
    }
}
