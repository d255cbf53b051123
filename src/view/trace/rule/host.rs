//! Hosts of servers, and which one takes a name: exact before wildcard before everything.

/// The host of a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// One name.
    Exact(String),
    /// `*.x`: one label before it.
    Wildcard(String),
    /// Every name that nobody else has.
    Any,
}

impl Host {
    /// The host of a rule.
    pub fn of(host: Option<&str>) -> Self {
        match host {
            None | Some("" | "*") => Self::Any,
            Some(host) => match host.strip_prefix("*.") {
                Some(rest) => Self::Wildcard(rest.to_lowercase()),
                None => Self::Exact(host.to_lowercase()),
            },
        }
    }

    /// Whether it takes a name, in lower case.
    pub fn takes(&self, name: &str) -> bool {
        match self {
            Self::Exact(host) => host == name,
            Self::Wildcard(rest) => one_label_before(rest, name),
            Self::Any => true,
        }
    }

    /// As the rule writes it.
    pub fn text(&self) -> String {
        match self {
            Self::Exact(host) => host.clone(),
            Self::Wildcard(rest) => format!("*.{rest}"),
            Self::Any => "*".to_owned(),
        }
    }
}

/// Whether the host of a rule takes a name, in lower case.
pub fn takes(host: Option<&str>, name: &str) -> bool {
    match host {
        None | Some("" | "*") => true,
        Some(host) => match host.strip_prefix("*.") {
            Some(rest) => one_label_before(rest, name),
            None => host.eq_ignore_ascii_case(name),
        },
    }
}

/// `~^(?<subdomain>[\w-]+)\.x$`: exactly one label.
fn one_label_before(rest: &str, name: &str) -> bool {
    let Some((label, parent)) = name.split_once('.') else { return false };
    let is_label = !label.is_empty() && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    is_label && parent.eq_ignore_ascii_case(rest)
}
