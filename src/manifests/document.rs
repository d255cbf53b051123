//! An object as it stood in a file, and the place where it stood: findings about manifests are
//! only useful with the file, the document and the line.

use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Where an object was read: file, document and line, both counted from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file, or `-` for standard input.
    pub file: PathBuf,
    /// Which document of the file, from 1; 0 for the file as a whole.
    pub document: usize,
    /// The document's first line with content, or the line of an error; from 1.
    pub line: usize,
    /// Which item of the list that the document is, from 1; 0 where it is none.
    pub item: usize,
}

impl Origin {
    /// Returns the folder whose epoch holds for this object.
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (file, line, document) = (self.file.display(), self.line, self.document);
        if document == 0 {
            return write!(f, "{file}");
        }
        if self.item != 0 {
            return write!(f, "{file}:{line} (document {document}, item {})", self.item);
        }
        write!(f, "{file}:{line} (document {document})")
    }
}

/// One Kubernetes object with its origin; `List` kinds are already taken apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// The object: always a mapping with `apiVersion` and `kind`.
    pub value: Value,
    /// Where it was read.
    pub origin: Origin,
}

impl Document {
    /// Returns the object's kind, as `Deployment`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// Returns the object's `apiVersion`, as `apps/v1`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// Returns the object's name, empty where it has none.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// Returns the object's namespace, empty where it has none.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// Returns an annotation of the object.
    pub fn annotation(&self, key: &str) -> Option<&str> {
        let annotations = self.value.pointer("/metadata/annotations")?;
        annotations.get(key)?.as_str()
    }

    fn text(&self, pointer: &str) -> &str {
        let found = self.value.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default()
    }
}

/// What is wrong, without the place that a parser names: it counts from the document's own first line, and the origin tells
/// that of the file.
pub fn placeless(text: &str) -> String {
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// A file or a document that could not be read, and why; everything beside it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {reason}")]
pub struct Unreadable {
    /// The place: the line is that of the mistake where the parser names it.
    pub origin: Origin,
    /// What is wrong, in one line.
    pub reason: String,
}
