//! What the client can read: content negotiation by the Accept header, as the API server does it.

use crate::demo::status::Failure;

pub const JSON: &str = "application/json";
pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Json,
    Protobuf,
}

/// In which form objects are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Whole,
    Table,
    /// `PartialObjectMetadata`, or a list of them.
    Metadata,
}

/// The outcome of a negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    pub encoding: Encoding,
    pub shape: Shape,
}

impl Format {
    pub const PLAIN: Self = Self { encoding: Encoding::Json, shape: Shape::Whole };

    /// The Content-Type of a response, or of a watch.
    pub fn content_type(self, watch: bool) -> &'static str {
        match (self.encoding, watch) {
            (Encoding::Json, _) => JSON,
            (Encoding::Protobuf, false) => PROTOBUF,
            (Encoding::Protobuf, true) => "application/vnd.kubernetes.protobuf;stream=watch",
        }
    }
}

/// Chooses the first clause that can be served. Custom resources have no protobuf, tables are JSON only.
pub fn negotiate(accept: &str, protobuf: bool) -> Result<Format, Failure> {
    let clauses = accept.split(',').map(str::trim).filter(|clause| !clause.is_empty());
    let mut clauses: Vec<(f32, &str)> = clauses.map(|clause| (quality(clause), clause)).collect();
    // Stable: equal clauses keep the order in which they were written.
    clauses.sort_by(|a, b| b.0.total_cmp(&a.0));
    if clauses.is_empty() {
        return Ok(Format::PLAIN);
    }
    clauses.iter().find_map(|(_, clause)| format(clause, protobuf)).ok_or_else(|| {
        let known: &[&str] = if protobuf { &[JSON, PROTOBUF] } else { &[JSON] };
        Failure::not_acceptable(known)
    })
}

/// How an error is written: as the client asked, whatever the resource is; JSON when nothing fits.
pub fn for_errors(accept: &str) -> Format {
    let plain = accept.split(',').find_map(|clause| format(clause.split(";as=").next().unwrap_or(clause).trim(), true));
    Format { shape: Shape::Whole, ..plain.unwrap_or(Format::PLAIN) }
}

fn quality(clause: &str) -> f32 {
    parameter(clause, "q").and_then(|q| q.parse().ok()).unwrap_or(1.0)
}

fn parameter<'a>(clause: &'a str, name: &str) -> Option<&'a str> {
    clause.split(';').skip(1).find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
}

fn format(clause: &str, protobuf: bool) -> Option<Format> {
    let encoding = match clause.split(';').next().unwrap_or_default().trim() {
        JSON | "*/*" | "application/*" => Encoding::Json,
        PROTOBUF if protobuf => Encoding::Protobuf,
        _ => return None,
    };
    let known = parameter(clause, "g").is_none_or(|group| group == "meta.k8s.io")
        && parameter(clause, "v").is_none_or(|version| version == "v1");
    let shape = match parameter(clause, "as") {
        None => Shape::Whole,
        Some("Table") if known && encoding == Encoding::Json => Shape::Table,
        Some("PartialObjectMetadata" | "PartialObjectMetadataList") if known => Shape::Metadata,
        Some(_) => return None,
    };
    Some(Format { encoding, shape })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(accept: &str, protobuf: bool, expected: Option<(Encoding, Shape)>) {
        let got = negotiate(accept, protobuf).ok().map(|format| (format.encoding, format.shape));
        assert_eq!(got, expected, "{accept}");
    }

    #[test]
    fn the_first_form_that_can_be_served_wins() {
        let table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        check("", true, Some((Encoding::Json, Shape::Whole)));
        check("*/*", true, Some((Encoding::Json, Shape::Whole)));
        check(table, true, Some((Encoding::Json, Shape::Table)));
        check("application/vnd.kubernetes.protobuf, application/json", true, Some((Encoding::Protobuf, Shape::Whole)));
        check("application/vnd.kubernetes.protobuf, application/json", false, Some((Encoding::Json, Shape::Whole)));
        check("application/vnd.kubernetes.protobuf", false, None);
        check("application/vnd.kubernetes.protobuf;stream=watch", true, Some((Encoding::Protobuf, Shape::Whole)));
        check(
            "application/json;q=0.5, application/vnd.kubernetes.protobuf",
            true,
            Some((Encoding::Protobuf, Shape::Whole)),
        );
        check(
            "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
            true,
            Some((Encoding::Json, Shape::Metadata)),
        );
        check("application/json;as=Table;g=meta.k8s.io;v=v9", true, None);
        check("text/html", true, None);
    }
}
