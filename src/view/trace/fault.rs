//! The catalogue of faults: code, severity, message, fix, and what each explains; one file for each prefix.
//!
//! A code is stable from the first release: users search for it. Messages and fixes are templates: `{{name}}` stands for a
//! word that the finding gives; a fix line that misses a word is left out, a message never misses one (tested).

pub mod cm;
pub mod ctl;
pub mod dns;
pub mod gw;
pub mod lb;
pub mod np;
pub mod po;
pub mod rt;
pub mod rt_gateway;
pub mod sv;
pub mod tl;

use crate::kinds::{ObjectRef, Record};
use std::collections::BTreeMap;

/// One row of the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Fault {
    /// `EN-CYCLE`.
    pub code: &'static str,
    /// How bad it is, where the place does not say otherwise.
    pub severity: Severity,
    /// One sentence: the object, the fact, the consequence.
    pub message: &'static str,
    /// Commands to read and to copy, never run: first one that reads, then the change.
    pub fix: &'static [&'static str],
    /// Codes of faults that are only its consequence.
    pub explains: &'static [&'static str],
}

/// How bad a finding is, worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Requests fail.
    Broken,
    /// Works, with a risk.
    Warn,
    /// Worth knowing.
    Info,
}

/// A fault that was found, with its words and its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Which.
    pub fault: &'static Fault,
    /// How bad it is here.
    pub severity: Severity,
    /// The words of its templates.
    pub words: BTreeMap<&'static str, String>,
    /// The fields that prove it.
    pub evidence: Vec<Evidence>,
}

/// A field of an object, and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The object; it may be one that is missing.
    pub object: Option<ObjectRef>,
    /// `.spec.rules[0].host`.
    pub path: String,
    /// What stands there.
    pub value: String,
    /// The version of the object that said so; empty where there is none.
    pub version: std::sync::Arc<str>,
}

/// Defines faults as statics, and the list of all of the file.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident $code:literal $severity:ident $message:literal
        fix [$($fix:literal),* $(,)?] explains [$($explains:literal),* $(,)?];)*) => {
        $(#[doc = concat!("`", $code, "`.")] pub static $name: $crate::view::trace::fault::Fault = $crate::view::trace::fault::Fault {
            code: $code,
            severity: $crate::view::trace::fault::Severity::$severity,
            message: $message,
            fix: &[$($fix),*],
            explains: &[$($explains),*],
        };)*
        /// Every fault of this file, in the catalogue's order.
        pub static ALL: &[&$crate::view::trace::fault::Fault] = &[$(&$name),*];
    };
}
pub(crate) use faults;

/// Every fault, in the catalogue's order.
pub fn catalogue() -> impl Iterator<Item = &'static Fault> {
    let files =
        [dns::ALL, lb::ALL, ctl::ALL, rt::ALL, sv::ALL, po::ALL, np::ALL, tl::ALL, cm::ALL, gw::ALL, rt_gateway::ALL];
    files.into_iter().flatten().copied()
}

impl Severity {
    /// As the JSON writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::Warn => "warn",
            Self::Info => "info",
        }
    }
}

// Words come as numbers, names and texts alike: by value, calls stay short.
#[allow(clippy::needless_pass_by_value)]
impl Finding {
    /// A finding without words yet.
    pub fn of(fault: &'static Fault) -> Self {
        Self { fault, severity: fault.severity, words: BTreeMap::new(), evidence: Vec::new() }
    }

    /// The same finding with a word for its templates.
    pub fn word(mut self, name: &'static str, value: impl ToString) -> Self {
        self.words.insert(name, value.to_string());
        self
    }

    /// The same finding with the words `namespace` and, under the given name, the object's name.
    pub fn object(self, name: &'static str, key: &ObjectRef) -> Self {
        let finding = self.word(name, &key.name);
        match &key.namespace {
            Some(namespace) => finding.word("namespace", namespace),
            None => finding,
        }
    }

    /// The same finding, proven by a field of a record.
    pub fn proof(mut self, record: &Record, path: impl Into<String>, value: impl ToString) -> Self {
        self.evidence.push(Evidence {
            object: Some(record.key.clone()),
            path: path.into(),
            value: value.to_string(),
            version: record.meta.resource_version.clone(),
        });
        self
    }

    /// The same finding, proven by a value of the controller's ConfigMap, which it names for fixes.
    pub fn setting(self, map: &Record, key: &str, value: impl ToString) -> Self {
        let namespace = map.key.namespace.as_deref().unwrap_or("");
        let finding = self.word("config", &map.key.name).word("config_namespace", namespace);
        finding.proof(map, format!(".data.{key}"), value)
    }

    /// The same finding, proven by what was not found or by something that is no object.
    pub fn fact(mut self, object: Option<ObjectRef>, path: impl Into<String>, value: impl ToString) -> Self {
        let version = std::sync::Arc::from("");
        self.evidence.push(Evidence { object, path: path.into(), value: value.to_string(), version });
        self
    }

    /// The same finding, as bad as it is here.
    pub fn severe(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Its code.
    pub fn code(&self) -> &'static str {
        self.fault.code
    }

    /// One sentence.
    pub fn message(&self) -> String {
        let (text, _) = fill(self.fault.message, &self.words);
        text
    }

    /// The same as it stands alone in a list: with a large letter. What something is called keeps its own letters.
    pub fn line(&self) -> String {
        let (mut text, template) = (self.message(), self.fault.message);
        let word = template.split(' ').next().unwrap_or_default();
        if word != "nginx" && !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()) {
            text[..1].make_ascii_uppercase();
        }
        text
    }

    /// The same as it stands alone in a text: with a large letter and a full stop.
    pub fn sentence(&self) -> String {
        let line = self.line();
        // What is asked ends by itself.
        if line.ends_with(['?', '.', '…']) { line } else { line + "." }
    }

    /// What to do about it; a line of which a word is not known is left out.
    pub fn fix(&self) -> Vec<String> {
        let lines = self.fault.fix.iter().map(|line| fill(line, &self.words));
        lines.filter(|(_, whole)| *whole).map(|(line, _)| line).collect()
    }
}

/// The template with its words, and whether none was missing.
pub fn fill(template: &str, words: &BTreeMap<&'static str, String>) -> (String, bool) {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    let mut whole = true;
    while let Some((before, after)) = rest.split_once("{{") {
        let Some((name, behind)) = after.split_once("}}") else { break };
        text.push_str(before);
        match words.get(name) {
            Some(word) => text.push_str(word),
            None => {
                whole = false;
                text.push('?');
            }
        }
        rest = behind;
    }
    text.push_str(rest);
    (text, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_needs_no_full_stop() {
        let finding = |similar: &str| {
            let finding = Finding::of(&sv::SV_MISSING).word("namespace", "shop").word("service", "wbe");
            finding.word("user", "Ingress shop/web").word("similar", similar).sentence()
        };
        assert!(finding("; did you mean web?").ends_with("did you mean web?"));
        assert!(finding("").ends_with("reaches nobody."));
    }

    #[test]
    fn no_two_faults_share_a_code_and_explained_codes_exist() {
        let mut codes: Vec<&str> = catalogue().map(|fault| fault.code).collect();
        codes.sort_unstable();
        let all = codes.len();
        codes.dedup();
        assert_eq!(codes.len(), all);
        for fault in catalogue() {
            for explained in fault.explains {
                assert!(codes.binary_search(explained).is_ok(), "{} explains {explained}", fault.code);
            }
        }
    }

    #[test]
    fn templates_are_filled_and_missing_words_are_told() {
        let words = BTreeMap::from([("name", "web".to_owned())]);
        assert_eq!(fill("get {{name}} -o '{.x}'", &words), ("get web -o '{.x}'".to_owned(), true));
        assert_eq!(fill("{{name}} {{other}}", &words), ("web ?".to_owned(), false));
    }
}
