//! Files and folders for their owner only, where the system knows such.

use std::fs::{DirBuilder, OpenOptions};

/// Opens files to write them; whether anew, at their end or only where there is none yet, the caller adds.
pub fn file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes folders.
pub fn folder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "nothing is set where the system knows no modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}
