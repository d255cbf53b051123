//! The user's own editor: a file that only he can read, in a folder of its own; what comes back is read like a manifest.
//! The file stays until the app says that it is not needed any more.

use crate::app::draft::{Draft, Edited, Folder, Given};
use crate::manifests::document::Origin;
use crate::manifests::read;
use crate::runtime::private;
use crate::runtime::process;
use crate::runtime::save;
use serde_json::Value;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// No object that a server keeps is larger.
const LONGEST: u64 = 16 << 20;

/// Which editor opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Editor(pub String);

impl Editor {
    /// The one that the environment names, in kubectl's order; else what is there.
    pub fn of_user() -> Self {
        let named = |name: &str| std::env::var(name).ok().filter(|text| !text.trim().is_empty());
        let chosen = ["KUBE_EDITOR", "VISUAL", "EDITOR"].into_iter().find_map(named);
        Self(chosen.unwrap_or_else(|| usual().to_owned()))
    }

    /// Lets the user edit a text.
    pub async fn edit(&self, draft: &Draft) -> Edited {
        let failed = |why: String, path: Option<&Path>| Edited::Failed {
            why,
            path: path.map(|path| path.display().to_string()),
        };
        let path = match place(draft) {
            Ok(path) => path,
            Err(error) => {
                let why = format!("no file can be made for the editor: {error}");
                return Edited::Failed { why, path: draft.replaces.clone() };
            }
        };
        if let Some(old) = &draft.replaces {
            discard(Path::new(old));
        }
        let ended = process::lend(&self.0, &path).await;
        let text = match text(&path) {
            Ok(text) => text,
            Err(error) => return failed(format!("what was edited cannot be read: {error}"), Some(&path)),
        };
        let is_same = text == draft.text;
        match ended {
            Ok(()) => {
                let read = object(&path, &text);
                Edited::Text { path: path.display().to_string(), text, is_same, read }
            }
            Err(error) => {
                let is_typed = !is_same || draft.replaces.is_some();
                if !is_typed {
                    discard(&path);
                }
                failed(format!("the editor failed: {error}"), Some(path.as_path()).filter(|_| is_typed))
            }
        }
    }
}

/// What is on most machines.
fn usual() -> &'static str {
    let names: &[&'static str] = if cfg!(windows) { &["notepad"] } else { &["vi", "nano"] };
    names.iter().find(|name| process::find(name).is_some()).copied().unwrap_or("vi")
}

/// A new file with the text, in a folder of its own.
fn place(draft: &Draft) -> io::Result<PathBuf> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let builder = private::folder();
    let folder = loop {
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("kplumb-edit-{}-{number}", std::process::id()));
        match builder.create(&folder) {
            Ok(()) => break folder,
            // A folder of another one's is never used.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let name: String = draft.name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let path = folder.join(name);
    private::file().create_new(true).open(&path)?.write_all(draft.text.as_bytes())?;
    Ok(path)
}

/// Takes a file away with its folder, and what the editor left beside it; only what this program made.
pub fn discard(path: &Path) {
    let folder = path.parent().filter(|folder| {
        let name = folder.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("kplumb-edit-")) && folder.parent() == Some(&*std::env::temp_dir())
    });
    if let Some(folder) = folder
        && let Err(error) = fs::remove_dir_all(folder)
    {
        tracing::warn!("{} stays: {error}", folder.display());
    }
}

fn text(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    String::from_utf8(bytes).map_err(|_| io::Error::other("it is no UTF-8"))
}

/// The one object in a text; else the line of the mistake, and what it is.
fn object(path: &Path, text: &str) -> Result<Value, (usize, String)> {
    let (documents, unreadable) = read::text(path, text);
    if let Some(first) = unreadable.into_iter().next() {
        // The line is told by whoever opens the text again: it moves by the words above it.
        return Err((first.origin.line, first.reason.clone()));
    }
    let count = documents.len();
    match (documents.into_iter().next(), count) {
        (Some(document), 1) => Ok(document.value),
        _ => Err((1, format!("one object is expected, and there are {count}"))),
    }
}

/// Reads a file, or the manifests right in a folder, as `kubectl apply -f` does.
pub fn given(typed: &str) -> Given {
    let path = save::place(typed).unwrap_or_default();
    let paths = if path.is_dir() { in_folder(&path) } else { Ok(vec![path.clone()]) };
    let place = |origin: &Origin| {
        let file =
            if path.is_dir() { origin.file.strip_prefix(&path).unwrap_or(&origin.file) } else { Path::new(typed) };
        Origin { file: file.to_owned(), ..origin.clone() }.to_string()
    };
    match paths {
        Err(error) => Given {
            path: typed.to_owned(),
            unreadable: vec![(typed.to_owned(), format!("cannot list the folder: {error}"))],
            ..Given::default()
        },
        Ok(paths) => {
            let (documents, unreadable) = read::read(&paths, &mut io::empty());
            Given {
                path: typed.to_owned(),
                documents: documents.into_iter().map(|one| (place(&one.origin), one.value)).collect(),
                unreadable: unreadable.into_iter().map(|one| (place(&one.origin), one.reason)).collect(),
            }
        }
    }
}

/// The folders and manifests in a folder, as far as it was typed.
pub fn listed(typed: String) -> Folder {
    let place = if typed.is_empty() { Some(PathBuf::from(".")) } else { save::place(&typed) };
    let entries = place.and_then(|place| fs::read_dir(place).ok()).into_iter().flatten().filter_map(Result::ok);
    let named = entries.filter_map(|entry| {
        let (path, name) = (entry.path(), entry.file_name().into_string().ok()?);
        let is_folder = path.is_dir();
        let is_offered = !name.contains(char::is_control) && (is_folder || is_manifest(&path));
        is_offered.then(|| format!("{typed}{name}{}", if is_folder { "/" } else { "" }))
    });
    let mut files: Vec<Arc<str>> = named.map(Arc::from).collect();
    files.sort();
    Folder { path: Some(typed), files }
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json")) && path.is_file()
}

fn in_folder(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries: io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| entry.map(|one| one.path())).collect();
    let mut files: Vec<PathBuf> = entries?.into_iter().filter(|path| is_manifest(path)).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_folder_offers_its_folders_and_manifests() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["web.yaml", "notes.txt", "a.json", ".hidden.yml"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("deploy")).unwrap();
        let typed = format!("{}/", folder.path().display());
        let Folder { path, files } = listed(typed.clone());
        let names: Vec<&str> = files.iter().map(|file| file.strip_prefix(&*typed).unwrap()).collect();
        assert_eq!((path, names), (Some(typed), vec![".hidden.yml", "a.json", "deploy/", "web.yaml"]));
        assert_eq!(listed("/nowhere/".to_owned()).files, Vec::<Arc<str>>::new());
    }
    use std::os::unix::fs::PermissionsExt as _;

    fn draft(text: &str) -> Draft {
        Draft { name: "cluster/role:x.yaml".to_owned(), text: text.to_owned(), replaces: None }
    }

    async fn edited(script: &str, text: &str) -> Edited {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("editor");
        fs::write(&path, script).unwrap();
        Editor(format!("sh '{}'", path.display())).edit(&draft(text)).await
    }

    const OBJECT: &str = "# head\napiVersion: v1\nkind: ConfigMap\n";

    #[tokio::test]
    async fn what_was_edited_is_read_back_and_its_file_is_the_users_alone() {
        let said = edited("sed -i 's/ConfigMap/Secret/' \"$1\"", OBJECT).await;
        let Edited::Text { path, text, is_same: false, read: Ok(value) } = said else { panic!("{said:?}") };
        assert_eq!((value["kind"].as_str(), text.lines().next()), (Some("Secret"), Some("# head")));
        let path = Path::new(&path);
        assert!(path.ends_with("cluster-role-x.yaml"));
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        discard(path);
        assert!(!path.parent().unwrap().exists());
    }

    #[tokio::test]
    async fn mistakes_are_told_by_their_lines() {
        for (script, line, word) in [
            ("echo 'data: [' >> \"$1\"", 4, "unclosed bracket"),
            ("echo '---\nkind: Pod\napiVersion: v1' >> \"$1\"", 1, "one object is expected, and there are 2"),
            ("echo 'a: b' > \"$1\"", 1, "apiVersion is missing"),
        ] {
            let said = edited(script, OBJECT).await;
            let Edited::Text { path, read: Err((at, why)), .. } = said else { panic!("{said:?}") };
            discard(Path::new(&path));
            assert!(at.abs_diff(line) <= 1 && !why.contains(" at line") && why.contains(word), "{at}: {why}");
        }
    }

    #[tokio::test]
    async fn an_editor_that_fails_loses_nothing() {
        let Edited::Failed { why, path: None } = edited("exit 3", OBJECT).await else { panic!() };
        assert!(why.contains('3'), "{why}");
        let Edited::Failed { path: Some(path), .. } = edited("echo x >> \"$1\"; exit 3", OBJECT).await else {
            panic!()
        };
        assert!(fs::read_to_string(&path).unwrap().ends_with("x\n"));
        discard(Path::new(&path));
    }

    #[test]
    fn only_what_lies_right_in_a_folder_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        fs::create_dir(folder.path().join("deeper")).unwrap();
        write("b.yaml", "apiVersion: v1\nkind: Pod\n---\nkind: [\n");
        write("a.json", r#"{"apiVersion": "v1", "kind": "Service"}"#);
        write("deeper/c.yaml", "apiVersion: v1\nkind: Node\n");
        write("notes.txt", "kind: no");
        let given = given(&folder.path().display().to_string());
        let kinds: Vec<_> =
            given.documents.iter().map(|(at, one)| (at.as_str(), one["kind"].as_str().unwrap())).collect();
        assert_eq!(kinds, [("a.json:1 (document 1)", "Service"), ("b.yaml:1 (document 1)", "Pod")]);
        assert!(given.unreadable[0].0.starts_with("b.yaml:"), "{:?}", given.unreadable);
        assert_eq!(super::given("/no/such/file.yaml").unreadable[0].0, "/no/such/file.yaml");
    }
}
