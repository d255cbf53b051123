//! `kplumb audit`: the local record of every action, with its chain checked.

use crate::cli::args::Audit;
use crate::cli::args::trace::Printed;
use crate::cli::{Unusable, print, settings};
use crate::runtime::clock;
use crate::runtime::journal::told::{is_wanted, lines};
use crate::runtime::journal::{self, Record};
use crate::wire::Timestamp;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Prints the record; a chain that does not hold is exit code 1.
pub fn run(audit: &Audit) -> Result<ExitCode, Unusable> {
    let folder = settings::files().state.ok_or_else(|| Unusable::Settings("there is no home folder".to_owned()))?;
    let record = journal::read(&folder).map_err(Unusable::io(folder.display().to_string()))?;
    let since =
        audit.since.map(|ago| clock::system_time().plus_seconds(-i64::try_from(ago.as_secs()).unwrap_or(i64::MAX)));
    let text = match audit.output {
        Printed::Json => document(&record, since).to_string() + "\n",
        Printed::Text => lines(&record, since).join("\n") + "\n",
    };
    print(&text)?;
    Ok(if record.breaks.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn document(record: &Record, since: Option<Timestamp>) -> Value {
    let entries: Vec<&Value> = record.entries.iter().filter(|entry| is_wanted(entry, since)).collect();
    json!({ "schema": "kplumb.audit/v1", "intact": record.breaks.is_empty(), "breaks": record.breaks, "entries": entries })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::journal::Journal;

    #[test]
    fn the_document_says_whether_the_record_is_intact() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp(1_795_171_327_000_000);
        Journal::new(folder.path().to_owned()).append(json!({"phase": "intent"}), now).unwrap();
        let record = journal::read(folder.path()).unwrap();
        let all = document(&record, None);
        assert_eq!((&all["schema"], &all["intact"]), (&json!("kplumb.audit/v1"), &json!(true)));
        assert_eq!(document(&record, Some(now.plus_seconds(1)))["entries"], json!([]));
    }
}
