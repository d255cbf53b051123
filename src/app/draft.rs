//! Texts that pass between the app and files: what opens in the user's editor, what comes back, and what a file to apply
//! holds.

use serde_json::Value;
use std::sync::Arc;

/// A text for the user's editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// What its file is called: `deployment-web.yaml`.
    pub name: String,
    /// The text.
    pub text: String,
    /// A file that this one takes the place of.
    pub replaces: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Edited {
    /// The editor has ended.
    Text {
        /// The file, which stays until it is not needed any more.
        path: String,
        /// What stands in it now.
        text: String,
        /// Whether that is what stood in it before.
        is_same: bool,
        /// The one object in it; else the line of the mistake, and what it is.
        read: Result<Value, (usize, String)>,
    },
    /// There was no editor, or it failed.
    Failed {
        /// Why.
        why: String,
        /// The file, where it holds something that was typed.
        path: Option<String>,
    },
}

/// A text that came out of the editor.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its file.
    pub path: String,
    /// What the user made of the object, without our own words above it.
    pub text: String,
}

/// What stands in a file, or in the files of a folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// As it was typed.
    pub path: String,
    /// Where each object stands, and the object.
    pub documents: Vec<(String, Value)>,
    /// What could not be read: where, and why.
    pub unreadable: Vec<(String, String)>,
}

/// A folder, as far as it was typed, and what may be typed next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// With a slash at its end; empty for the working folder, none before one was asked for.
    pub path: Option<String>,
    /// The whole paths of its folders, with a slash at their end, and of its manifests, in order.
    pub files: Vec<Arc<str>>,
}
