//! What may be done to a cluster: the user's policy file, first match wins, and whatever cannot be read or told means
//! that nothing may be written. Said in the title of every screen.

mod answer;
mod file;

pub use self::answer::{Answer, with_answer};

use regex::Regex;
use std::collections::BTreeMap;

/// What may be done to a cluster. Each connection has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing can be written.
    #[default]
    Observe,
    /// Dry runs too.
    Preview,
    /// Everything that the policy allows, each after a confirmation.
    Operate,
}

/// What the user has to do before something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Friction {
    /// Press one key while looking at the target.
    Key,
    /// Type the object's name.
    Name,
    /// Type the context's name.
    Context,
}

/// The policy in force.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    rules: Vec<Rule>,
    /// Why the file counts as observe everywhere: what is wrong with it, and on which line.
    fault: Option<String>,
    /// Whether it speaks of embedded clusters, where nothing real can be touched.
    is_embedded: bool,
}

/// One rule of the file.
#[derive(Clone, Debug, Default)]
struct Rule {
    context: Option<Regex>,
    server: Option<Regex>,
    cluster_uid: Option<String>,
    mode: Mode,
    elevate: Option<Elevate>,
    deny: Vec<String>,
    max_bulk: Option<usize>,
    banner: Option<String>,
    read_only_group: Option<String>,
    confirm: BTreeMap<String, Friction>,
    /// Its line in the file, from 1; 0 where it was answered just now.
    line: usize,
}

/// How to be allowed more for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elevate {
    /// What for.
    pub to: Mode,
    /// Whether the context has to be typed.
    pub is_typed: bool,
    /// For how long, in seconds.
    pub ttl_seconds: i64,
    /// Whether a reason is asked for.
    pub reason_required: bool,
}

/// What a policy says of one cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// What may be done.
    pub mode: Mode,
    /// Which rule said so, in words.
    pub rule: String,
    /// The place of that rule in the file; none where no rule did.
    pub index: Option<usize>,
    /// How to be allowed more.
    pub elevate: Option<Elevate>,
    /// Why it is no use to ask whether the cluster may be operated.
    pub closed: Option<String>,
    /// How many objects one action may touch.
    pub max_bulk: Option<usize>,
    /// The colour in which the context stands out.
    pub banner: Option<String>,
    /// The group as whose member what only looks is done, so that the server itself refuses writes.
    pub read_only_group: Option<String>,
    /// Whether the cluster lives in this process, so that nothing real can be touched.
    pub is_embedded: bool,
    deny: Vec<String>,
    confirm: BTreeMap<String, Friction>,
}

impl Mode {
    /// Its word in the title.
    pub fn word(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Preview => "preview",
            Self::Operate => "operate",
        }
    }
}

impl Grant {
    /// Whether an action is denied here whatever the mode.
    pub fn denies(&self, action: &str) -> bool {
        self.deny.iter().any(|denied| denied == action)
    }

    /// What an action asks for here, where the policy says so.
    pub fn friction(&self, action: &str) -> Option<Friction> {
        self.confirm.get(action).copied()
    }
}

impl Policy {
    /// Reads a policy; `file` is named in what is wrong with it. What is wrong anywhere makes all of it observe.
    pub fn parse(text: &str, file: &str) -> Self {
        match file::read(text) {
            Ok(rules) => Self { rules, ..Self::default() },
            Err((line, message)) => Self::unreadable(format!("{file}:{line}: {message}")),
        }
    }

    /// A policy that cannot be read.
    pub fn unreadable(why: String) -> Self {
        Self { fault: Some(why), ..Self::default() }
    }

    /// The policy of the embedded clusters: the user's own does not speak of them.
    pub fn demo() -> Self {
        Self { is_embedded: true, ..Self::default() }
    }

    /// What is wrong with the file.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// What may be done to a cluster; `cluster_uid` is the uid of its namespace kube-system, none where it cannot be read.
    pub fn decide(&self, context: &str, server: &str, cluster_uid: Option<&str>) -> Grant {
        if let Some(fault) = &self.fault {
            let closed = Some(format!("the policy cannot be read: {fault}"));
            return Grant { rule: fault.clone(), closed, ..Grant::default() };
        }
        if self.is_embedded {
            let rule = "the demo: nothing real can be touched".to_owned();
            return Grant { mode: Mode::Operate, rule, is_embedded: true, ..Grant::default() };
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let fits = |pattern: &Option<Regex>, text: &str| pattern.as_ref().is_none_or(|p| p.is_match(text));
            if !fits(&rule.context, context) || !fits(&rule.server, server) {
                continue;
            }
            match (&rule.cluster_uid, cluster_uid) {
                (None, _) => return rule.grant(index),
                (Some(wanted), Some(found)) if wanted == found => return rule.grant(index),
                (Some(_), Some(_)) => {}
                // It may be this very cluster: a looser rule further down must not decide.
                (Some(_), None) => {
                    let why = "the policy goes by the cluster's uid, and namespace kube-system cannot be read";
                    return Grant { rule: why.to_owned(), closed: Some(why.to_owned()), ..Grant::default() };
                }
            }
        }
        Grant { rule: "no rule speaks of this cluster".to_owned(), ..Grant::default() }
    }

    /// Takes in that a cluster may be operated, before the rule that matched until now.
    pub fn answered(&mut self, answer: &Answer) {
        let rule = Rule { cluster_uid: Some(answer.cluster_uid.clone()), mode: Mode::Operate, ..Rule::default() };
        let at = answer.before.unwrap_or(self.rules.len()).min(self.rules.len());
        self.rules.insert(at, rule);
    }
}

impl Rule {
    fn grant(&self, index: usize) -> Grant {
        let is_for_all = self.context.is_none() && self.server.is_none() && self.cluster_uid.is_none();
        let rule = if self.line == 0 { "answered just now".to_owned() } else { format!("policy line {}", self.line) };
        // A rule for all clusters is what a new one meets first: that may be asked. One for this cluster has decided.
        let closed = (self.mode != Mode::Operate && !(is_for_all && self.line != 0))
            .then(|| format!("it may not be written to from here ({rule})"));
        Grant {
            mode: self.mode,
            rule,
            index: Some(index),
            elevate: self.elevate.clone(),
            closed,
            max_bulk: self.max_bulk,
            banner: self.banner.clone(),
            read_only_group: self.read_only_group.clone(),
            is_embedded: false,
            deny: self.deny.clone(),
            confirm: self.confirm.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
