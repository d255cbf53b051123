use super::*;
use crate::runtime::visit::tar::tests::{file, header};
use tempfile::TempDir;

fn land(folder: &TempDir, path: &str, archive: &[u8]) -> Result<Count, String> {
    let to = folder.path().join("out").display().to_string();
    let mut landing = Landing::new(path, Some(&to)).map_err(|error| error.to_string())?;
    let mut reader = Archive::default();
    let mut put = |landing: &mut Landing| -> Result<(), String> {
        for item in reader.take(archive).map_err(|broken| broken.to_string())? {
            landing.put(item).map_err(|error| error.to_string())?;
        }
        landing.settle().map_err(|error| error.to_string())
    };
    let said = put(&mut landing);
    if said.is_err() {
        landing.forget();
    }
    said.map(|()| landing.count)
}

fn there(folder: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_folder_comes_out_for_its_owner_only_and_without_its_links() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = header("./log/", b'5', 0);
    archive.extend(file("./log/app/a.log", b"hello"));
    archive.extend(header("./log/latest", b'2', 0));
    archive.extend([0; 1024]);
    let count = land(&folder, "/var/log", &archive).unwrap();
    assert_eq!(count, Count { files: 1, bytes: 5, left_out: 1 });
    assert_eq!(count.words(), "1 file, 5 bytes, 1 link or device left out");
    let path = folder.path().join("out/app/a.log");
    assert_eq!(fs::read(&path).unwrap(), b"hello");
    assert_eq!(there(&folder), ["out"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&folder.path().join("out"))), (0o600, 0o700));
    }
}

#[test]
fn nothing_is_written_over_and_one_file_is_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = file("./hosts", b"127.0.0.1");
    archive.extend([0; 1024]);
    assert_eq!(land(&folder, "/etc/hosts", &archive).unwrap().files, 1);
    assert_eq!(fs::read(folder.path().join("out")).unwrap(), b"127.0.0.1");
    assert!(land(&folder, "/etc/hosts", &archive).unwrap_err().contains("is there already"));
}

#[test]
fn names_that_lead_elsewhere_are_refused_and_nothing_is_kept() {
    for name in ["./log/../../evil", "/etc/passwd", "../evil", "./other", "./logs/x", "./log/a/../../.."] {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = header("./log/", b'5', 0);
        archive.extend(file(name, b"x"));
        archive.extend([0; 1024]);
        let said = land(&folder, "/var/log", &archive);
        assert!(said.is_err(), "{name}: {said:?}");
        assert!(there(&folder).is_empty(), "{name}");
    }
}

#[test]
fn a_file_that_comes_twice_is_not_written_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = file("./log/a", b"one");
    archive.extend(file("./log/a", b"two"));
    archive.extend([0; 1024]);
    assert!(land(&folder, "/log", &archive).is_err());
}
