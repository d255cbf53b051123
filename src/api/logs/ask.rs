//! Which log is asked for, and the request that says so. Facts: `PodLogOptions` of k8s.io/api core/v1.

use crate::wire::Timestamp;
use crate::wire::request::escape;
use std::fmt::Write;

/// Whose log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// The container.
    pub container: String,
}

/// Which part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ask {
    /// Whether new lines are waited for.
    pub follow: bool,
    /// The instance before the present one.
    pub previous: bool,
    /// Only lines that are stamped at or after this second, as Unix time.
    pub since: Option<i64>,
    /// Only so many lines of the end; the server takes these first, and those since a time of them.
    pub tail: Option<u64>,
}

impl Target {
    /// Path and query.
    pub fn path(&self, ask: Ask) -> String {
        let (namespace, pod, container) = (escape(&self.namespace), escape(&self.pod), escape(&self.container));
        let mut path = format!("/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&timestamps=true");
        if ask.follow {
            path.push_str("&follow=true");
        }
        if ask.previous {
            path.push_str("&previous=true");
        }
        if let Some(since) = ask.since {
            let since = Timestamp::from_seconds(since.max(0)).rfc3339();
            path.push_str("&sinceTime=");
            path.push_str(&escape(&since));
        }
        if let Some(tail) = ask.tail {
            // Writing to a string cannot fail.
            let _ = write!(path, "&tailLines={tail}");
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_says_no_more_than_it_must() {
        let target = Target { namespace: "shop".into(), pod: "web-1".into(), container: "app".into() };
        let path = "/api/v1/namespaces/shop/pods/web-1/log?container=app&timestamps=true";
        assert_eq!(target.path(Ask::default()), path);
        let ask = Ask { follow: true, previous: true, since: Some(1_795_176_000), tail: Some(10) };
        let rest = "&follow=true&previous=true&sinceTime=2026-11-20T12%3A00%3A00Z&tailLines=10";
        assert_eq!(target.path(ask), format!("{path}{rest}"));
    }
}
