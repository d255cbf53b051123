//! Reads the YAML of the demo clusters while the program is built and packs it as compressed JSON, one file a context:
//! reading YAML at every start took a third of the time to the first rows. The reader is the program's own.
#![allow(dead_code)]

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// The parts of the program that are needed here, under the names by which they know each other.
#[path = "src/manifests"]
mod manifests {
    #[path = "document.rs"]
    pub mod document;
    #[path = "read/parse.rs"]
    pub mod parse;
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=assets/demo");
    println!("cargo:rerun-if-changed=src/manifests/document.rs");
    println!("cargo:rerun-if-changed=src/manifests/read/parse.rs");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    for context in sorted(Path::new("assets/demo"))? {
        if let (true, Some(name)) = (context.is_dir(), context.file_name()) {
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
            packed.write_all(&documents(&context)?)?;
            fs::write(out.join(name).with_extension("json.z"), packed.finish()?)?;
        }
    }
    Ok(())
}

/// File, document, line and object of everything in a folder, in JSON.
fn documents(folder: &Path) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut all = Vec::new();
    for file in sorted(folder)? {
        let (documents, unreadable) = manifests::parse::documents(&file, &fs::read_to_string(&file)?);
        if let Some(problem) = unreadable.first() {
            return Err(problem.to_string().into());
        }
        all.extend(documents.into_iter().map(|d| (d.origin.file, d.origin.document, d.origin.line, d.value)));
    }
    Ok(serde_json::to_vec(&all)?)
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.map(|entry| entry.map(|e| e.path())).collect();
    let mut entries = entries?;
    entries.sort();
    Ok(entries)
}
