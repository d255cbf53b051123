//! How a command in a container ended, as the last message of its channel says it.

use serde_json::Value;

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The command ended with this code.
    Exit(i32),
    /// It did not begin, or the kubelet lost it.
    Failed(String),
}

impl Ended {
    /// Reads the `Status`.
    pub fn read(bytes: &[u8]) -> Self {
        let Ok(status) = serde_json::from_slice::<Value>(bytes) else {
            return Self::Failed(String::from_utf8_lossy(bytes).trim().to_owned());
        };
        let text = |pointer: &str| status.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        if text("/status") == "Success" {
            return Self::Exit(0);
        }
        let causes = status.pointer("/details/causes").and_then(Value::as_array);
        let code = causes.into_iter().flatten().find(|cause| cause["reason"] == "ExitCode");
        let code = code.and_then(|cause| cause["message"].as_str()?.parse().ok());
        match code {
            Some(code) if text("/reason") == "NonZeroExitCode" => Self::Exit(code),
            _ => Self::Failed(text("/message").to_owned()),
        }
    }

    /// Whether the command was not there at all: the shell's codes, and the words of container runtimes.
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Exit(code) => matches!(code, 126 | 127),
            Self::Failed(why) => {
                let why = why.to_lowercase();
                why.contains("executable file not found") || why.contains("no such file or directory")
            }
        }
    }

    /// In words: `exit 0`.
    pub fn words(&self) -> String {
        match self {
            Self::Exit(code) => format!("exit {code}"),
            Self::Failed(why) => why.clone(),
        }
    }
}
