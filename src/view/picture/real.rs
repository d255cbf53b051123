//! What the real world said of the request, beside what was expected.

use super::{Painter, Real};
use crate::kinds::Health;
use crate::view::line::{Line, Role, Span};
use crate::view::trace::outcome::Trace;
use crate::view::trace::reality::Reality;

/// The longest name of a phase, and two spaces.
const PHASE: usize = 5;

impl Painter<'_> {
    /// Nothing where nobody asked.
    pub(super) fn real(&mut self) {
        match self.scenery.real {
            Real::Unasked => {}
            Real::Asked(_) => {
                let text = "asking the application, not the cluster's API: DNS, TCP, TLS, one GET";
                let lines = self.wrapped(text, 2, Role::Text, "");
                let lines = lines.into_iter().enumerate();
                let lines = lines.map(|(i, line)| line.state((i == 0).then_some(Health::Progressing)));
                self.add("for real", lines.collect());
            }
            Real::Said(at, real) => {
                let ago = self.ago(at);
                let links: Vec<&Trace> = self.scenery.trace.chain().collect();
                let mut lines = Vec::new();
                for (index, link) in real.iter().enumerate() {
                    if 0 < index {
                        lines.extend(self.wrapped(&format!("then {}", link.url), 0, Role::Dim, ""));
                    }
                    let differences = links.get(index).map_or_else(Vec::new, |trace| link.differences(trace));
                    lines.extend(self.compared(&differences, link));
                    lines.extend(link.phases().iter().flat_map(|phase| self.phase(phase)));
                }
                let told = format!("{ago} ago, from this machine to the application");
                lines.extend(self.wrapped(&told, 0, Role::Dim, ""));
                self.add("for real", lines);
            }
        }
    }

    /// Each difference, or that there is none.
    fn compared(&self, differences: &[String], real: &Reality) -> Vec<Line> {
        let went_through = real.stopped.is_empty();
        let (health, texts) = match differences {
            [] if went_through => (Health::Ready, vec!["as expected".to_owned()]),
            [] => (Health::Unknown, vec!["it did not go far enough to be compared".to_owned()]),
            _ => (Health::Failed, differences.iter().map(|text| format!("differs: {text}")).collect()),
        };
        let role = if health == Health::Failed { Role::Accent } else { Role::Text };
        let lines = texts.iter().flat_map(|text| {
            let lines = self.wrapped(text, 2, role, "").into_iter().enumerate();
            lines.map(|(index, line)| line.state((index == 0).then_some(health))).collect::<Vec<_>>()
        });
        lines.collect()
    }

    fn phase(&self, (name, text): &(&str, String)) -> Vec<Line> {
        let mut lines = self.wrapped(text, PHASE, Role::Text, "");
        if let Some(first) = lines.first_mut() {
            first.spans.insert(0, Span::dim(format!("{name:<PHASE$}")));
        }
        lines
    }
}
