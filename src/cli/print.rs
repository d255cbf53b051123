//! Completions and the manual page, from the definitions of the command line.

use crate::app::command;
use crate::cli::args::Args;
use crate::cli::{Unusable, print as out};
use clap::CommandFactory;
use clap_complete::Shell;
use std::fmt::Write as _;
use std::process::ExitCode;

/// Prints the completions of a shell.
pub fn completions(shell: Shell) -> Result<ExitCode, Unusable> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "kplumb", &mut text);
    out(&String::from_utf8_lossy(&text))
}

/// Prints the manual page: the program, each command, and the keys.
pub fn manual() -> Result<ExitCode, Unusable> {
    let mut text = Vec::new();
    let mut root = Args::command();
    root.build();
    let failed = Unusable::io("the manual page");
    let mut page = || -> std::io::Result<()> {
        clap_mangen::Man::new(root.clone()).render(&mut text)?;
        for command in root.get_subcommands().filter(|c| c.get_name() != "help") {
            clap_mangen::Man::new(command.clone()).render_synopsis_section(&mut text)?;
            clap_mangen::Man::new(command.clone()).render_options_section(&mut text)?;
        }
        Ok(())
    };
    page().map_err(failed)?;
    let mut text = String::from_utf8_lossy(&text).into_owned();
    text.push_str(".SH KEYS\n");
    for command in command::COMMANDS {
        let keys = command.keys.join(", ").replace('\\', "\\e").replace('-', "\\-");
        // Writing to a String cannot fail.
        let _ = writeln!(text, ".TP\n\\fB\\&{keys}\\fR\n{}", command.help);
    }
    out(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_and_the_manual_are_printed() {
        for shell in [Shell::Bash, Shell::Elvish, Shell::Fish, Shell::PowerShell, Shell::Zsh] {
            assert_eq!(completions(shell).unwrap(), ExitCode::SUCCESS);
        }
        assert_eq!(manual().unwrap(), ExitCode::SUCCESS);
    }
}
