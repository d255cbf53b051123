//! An answer to "may I operate this cluster from here?", written into the policy file: by the cluster's uid, before the
//! rule that matched, and with every comment where it was.

use super::Policy;

/// What the user said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The uid of the cluster's namespace kube-system.
    pub cluster_uid: String,
    /// The context's name, for the comment.
    pub context: String,
    /// The server, for the comment.
    pub server: String,
    /// The place of the rule that matched until now; none where none did.
    pub before: Option<usize>,
}

/// The file with the answer in it; none where the file cannot be read, so that it is left alone.
pub fn with_answer(text: &str, answer: &Answer) -> Option<String> {
    let policy = Policy::parse(text, "");
    if policy.fault().is_some() {
        return None;
    }
    let lines: Vec<&str> = text.lines().collect();
    let headers: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("[[policy]]")).collect();
    let at = answer.before.and_then(|index| headers.get(index).copied()).map_or(lines.len(), |header| {
        // The comment above a rule belongs to it.
        let comments = lines[..header].iter().rev().take_while(|line| line.trim_start().starts_with('#')).count();
        header - comments
    });
    let (above, below) = lines.split_at(at);
    let clean = |text: &str| text.chars().filter(|c| !c.is_control()).collect::<String>();
    let mut rule = vec![
        format!("# context {}, {}", clean(&answer.context), clean(&answer.server)),
        "[[policy]]".to_owned(),
        format!("match = {{ cluster_uid = {:?} }}", clean(&answer.cluster_uid)),
        "mode = \"operate\"".to_owned(),
    ];
    if !below.is_empty() {
        rule.push(String::new());
    } else if above.last().is_some_and(|line| !line.trim().is_empty()) {
        rule.insert(0, String::new());
    }
    let all =
        above.iter().map(|line| (*line).to_owned()).chain(rule).chain(below.iter().map(|line| (*line).to_owned()));
    let written = all.collect::<Vec<_>>().join("\n") + "\n";
    // What was written must say what was meant, whatever the file looked like.
    let after = Policy::parse(&written, "");
    let is_meant = after.fault().is_none() && after.rules.len() == policy.rules.len() + 1;
    is_meant.then_some(written)
}
