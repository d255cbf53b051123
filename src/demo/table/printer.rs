//! Who knows the columns of a resource: its definition for custom resources, the server's own list for
//! the built-in ones; cells come from the kind's digest, from a path, or from a rule of the server's.

use serde_json::{Value, json};

use crate::demo::resources::{Resource, id_of};
use crate::demo::table::{Column, rule};
use crate::kinds::custom::path::Path;
use crate::kinds::custom::path::parse::parse;
use crate::kinds::{self, Cell, KindSpec, Record, Source};
use crate::wire::Timestamp;

const NAME_HELP: &str = "Name must be unique within a namespace. Is required when creating resources, although some \
    resources may allow a client to request the generation of an appropriate name automatically.";

/// Prints the objects of one resource at one version.
#[derive(Debug)]
pub struct Printer {
    columns: Vec<(Column, Origin)>,
    /// The kind whose digest has the cells.
    spec: Option<&'static KindSpec>,
}

/// Where the cells of a column come from.
#[derive(Debug)]
enum Origin {
    /// The column of this index of the kind, or nothing to show.
    Digest(Option<usize>),
    /// A path of a built-in kind, with the text that stands for nothing.
    Path(&'static str, &'static str),
    Rule(&'static str),
    /// A path that a definition declares; none where it cannot be read.
    Declared(Option<Path>),
    /// The creation time as it is written.
    Created,
}

impl Printer {
    /// The printer of a resource at a version.
    pub fn of(resource: &Resource, version: &str) -> Self {
        if let Some(definition) = resource.custom.as_ref().and_then(|custom| custom.versions.get(version)) {
            return Self { columns: declared(definition), spec: None };
        }
        let spec = kinds::BUILTIN.iter().copied();
        let id = resource.id();
        let spec = spec.into_iter().find(|spec| id_of(spec.group, spec.plural) == id);
        let listed = listed(&id, spec);
        if listed.is_empty() {
            let created = column("Created At", "date", "", "");
            return Self { columns: vec![name(), (created, Origin::Created)], spec: None };
        }
        Self { columns: listed, spec }
    }

    /// The column definitions.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.iter().map(|(column, _)| column)
    }

    /// The cells of one object.
    pub fn cells(&self, item: &Value, now: jiff::Timestamp) -> Vec<Value> {
        let now = Timestamp(now.as_microsecond());
        let record = self.spec.and_then(|spec| spec.decoder.read_value(spec.id, item));
        self.columns
            .iter()
            .map(|(column, origin)| {
                let value = match origin {
                    Origin::Digest(index) => return self.digested(column, *index, record.as_ref(), now),
                    Origin::Path(path, default) => rule::path(item, path, default),
                    Origin::Rule(rule) => rule::apply(rule, item, now),
                    Origin::Declared(path) => return declared_cell(column, path.as_ref(), item, now),
                    Origin::Created => item["metadata"]["creationTimestamp"].clone(),
                };
                typed(column, value)
            })
            .collect()
    }

    fn digested(&self, column: &Column, index: Option<usize>, record: Option<&Record>, now: Timestamp) -> Value {
        let (Some(spec), Some(index), Some(record)) = (self.spec, index, record) else {
            return typed(column, Value::Null);
        };
        match spec.columns.get(index).map(|column| column.source) {
            Some(Source::Name) => json!(*record.key.name),
            Some(Source::Age) => json!(kinds::age::age(now, record.meta.created)),
            Some(Source::Cell(cell)) => match record.digest.cells.get(usize::from(cell)) {
                // The server counts in numbers, whatever it says of its column; but this one can be unset.
                Some(Cell::Int(number)) if column.name != "MinPods" => json!(number),
                Some(cell) => json!(cell.show(now)),
                None => typed(column, Value::Null),
            },
            None => Value::Null,
        }
    }
}

/// Numbers and booleans leave their text where the column says so.
fn typed(column: &Column, value: Value) -> Value {
    match (column.kind.as_str(), &value) {
        ("integer", Value::Null) => json!(0),
        ("integer", Value::String(text)) => text.parse::<i64>().map_or(json!(0), Value::from),
        ("boolean", Value::Null) => json!(false),
        ("boolean", Value::String(text)) => json!(text.eq_ignore_ascii_case("true")),
        ("string", Value::Null) => json!(""),
        ("string", Value::Number(number)) => json!(number.to_string()),
        _ => value,
    }
}

fn column(name: &str, kind: &str, format: &str, description: &str) -> Column {
    let [name, kind, format, description] = [name, kind, format, description].map(str::to_owned);
    Column { name, kind, format, description, priority: 0 }
}

fn name() -> (Column, Origin) {
    (column("Name", "string", "name", NAME_HELP), Origin::Path(".metadata.name", ""))
}

/// The columns of a built-in resource, from `columns.txt`.
fn listed(id: &str, spec: Option<&'static KindSpec>) -> Vec<(Column, Origin)> {
    let text = include_str!("columns.txt");
    let own = text.split("\n@").find_map(|section| section.strip_prefix(id)?.strip_prefix('\n'));
    own.into_iter().flat_map(str::lines).filter_map(|line| listed_column(line, spec)).collect()
}

fn listed_column(line: &'static str, spec: Option<&'static KindSpec>) -> Option<(Column, Origin)> {
    let mut parts = line.split('\t');
    let (heading, kind, from) = (parts.next()?, parts.next()?, parts.next().unwrap_or_default());
    let mut column = column(heading.trim_end_matches('*'), kind, "", "");
    column.priority = i64::from(heading.ends_with('*'));
    if column.name == "Name" && column.priority == 0 {
        (column.format, column.description) = ("name".to_owned(), NAME_HELP.to_owned());
    }
    let origin = match (from.strip_prefix('='), from.split_once(" | ")) {
        (Some(rule), _) => Origin::Rule(rule),
        (None, Some((path, default))) => Origin::Path(path, default),
        (None, None) if !from.is_empty() => Origin::Path(from, ""),
        (None, None) => Origin::Digest(spec.and_then(|spec| of_name(spec, &column.name))),
    };
    Some((column, origin))
}

fn of_name(spec: &KindSpec, name: &str) -> Option<usize> {
    spec.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name) && !column.own)
}

fn declared(definition: &Value) -> Vec<(Column, Origin)> {
    let text = |column: &Value, name: &str| column[name].as_str().unwrap_or_default().to_owned();
    let mut columns = vec![name()];
    for declared in definition["additionalPrinterColumns"].as_array().into_iter().flatten() {
        let path = text(declared, "jsonPath");
        let mut description = text(declared, "description");
        if description.is_empty() {
            description = format!("Custom resource definition column (in JSONPath format): {path}");
        }
        let column = Column {
            name: text(declared, "name"),
            kind: text(declared, "type"),
            format: text(declared, "format"),
            description,
            priority: declared["priority"].as_i64().unwrap_or(0),
        };
        columns.push((column, Origin::Declared(parse(&path))));
    }
    if columns.len() == 1 {
        let age = column("Age", "date", "", "");
        columns.push((age, Origin::Declared(parse(".metadata.creationTimestamp"))));
    }
    columns
}

/// Of several values the server prints the first.
fn declared_cell(column: &Column, path: Option<&Path>, item: &Value, now: Timestamp) -> Value {
    let Some(first) = path.and_then(|path| path.first(item)) else { return Value::Null };
    match column.kind.as_str() {
        "string" => json!(rule::plain(first)),
        "date" => match first.as_str().and_then(Timestamp::parse) {
            Some(at) => json!(kinds::age::age(now, Some(at))),
            None => json!("<invalid>"),
        },
        "integer" => first.as_i64().or_else(|| Some(first.as_f64()? as i64)).map_or(Value::Null, Value::from),
        "number" | "boolean" => first.clone(),
        _ => Value::Null,
    }
}
