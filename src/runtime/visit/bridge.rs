//! Between a terminal here and a container there: bytes as they are, in both directions, until one of them ends.

use crate::api::channel::frame::{Frame, STATUS, STDERR, STDIN, STDOUT};
use crate::api::channel::status::Ended;
use crate::api::channel::{Cut, Open, PING_EVERY, Reader, Writer};
use crate::app::visit::{Errand, LEAVE};
use crate::runtime::visit::ends::Ends;
use std::time::Duration;
use tokio::time::{Instant, interval_at};

/// Keys of the first moment were meant for what was on screen before.
const MOMENT: Duration = Duration::from_millis(300);
/// Ctrl-c, which a terminal in raw mode hands on.
const INTERRUPT: u8 = 3;

/// Why a visit is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// The other end said how it ended.
    Ended(Ended),
    /// It closed the channel without a word.
    Silent,
    /// The user left.
    Left,
    /// The connection broke.
    Cut(String),
    /// The pod is not the one any more that was entered.
    Gone(String),
    /// The terminal is gone.
    Unseen,
}

/// Lets the user talk to the container until one of them has enough; `gone` resolves when the pod is another one.
pub async fn bridge(open: Open, ends: &mut Ends, errand: &Errand, gone: impl Future<Output = String>) -> Over {
    let Open { mut writer, mut reader } = open;
    let over = tokio::select! {
        over = talk(&mut writer, &mut reader, ends, errand) => over,
        why = gone => Over::Gone(why),
    };
    writer.hang_up().await;
    over
}

async fn talk(writer: &mut Writer, reader: &mut Reader, ends: &mut Ends, errand: &Errand) -> Over {
    // Who cannot be told anything any more may still have something to say: how it ended.
    let mut broken = resize(writer, ends, errand).await.err();
    let begun = Instant::now();
    let mut pings = interval_at(begun + PING_EVERY, PING_EVERY);
    let mut leaving = Leaving::default();
    let mut can_resize = errand.has_tty();
    let mut is_typed = true;
    loop {
        let is_whole = broken.is_none();
        let said: Result<(), Cut> = tokio::select! {
            frame = reader.next() => match frame {
                Err(Cut(why)) => return Over::Cut(why),
                Ok(None) => return broken.map_or(Over::Silent, |Cut(why)| Over::Cut(why)),
                Ok(Some(Frame::Data(STATUS, status))) => return Over::Ended(Ended::read(&status)),
                Ok(Some(Frame::Data(STDOUT | STDERR, bytes))) => {
                    if show(ends, errand, &bytes).await.is_err() {
                        return Over::Unseen;
                    }
                    Ok(())
                }
                Ok(Some(_)) => Ok(()),
            },
            typed = ends.input.recv(), if is_typed => match typed {
                None => {
                    is_typed = false;
                    if errand.reads() && is_whole { writer.close(STDIN).await.map(drop) } else { Ok(()) }
                }
                Some(_) if begun.elapsed() < MOMENT => Ok(()),
                Some(typed) => match leaving.sift(&typed) {
                    None => return Over::Left,
                    Some(_) if !errand.reads() && typed.contains(&INTERRUPT) => return Over::Left,
                    Some(typed) if errand.reads() && is_whole && !typed.is_empty() => writer.send(STDIN, &typed).await,
                    Some(_) => Ok(()),
                },
            },
            changed = ends.size.changed(), if can_resize && is_whole => {
                can_resize = changed.is_ok();
                if can_resize { resize(writer, ends, errand).await } else { Ok(()) }
            }
            _ = pings.tick(), if is_whole => writer.ping().await,
        };
        broken = broken.or(said.err());
    }
}

async fn resize(writer: &mut Writer, ends: &mut Ends, errand: &Errand) -> Result<(), Cut> {
    let (width, height) = *ends.size.borrow_and_update();
    if errand.has_tty() { writer.resize(width, height).await } else { Ok(()) }
}

/// Who writes for no terminal ends lines with a line feed alone, which ours does not take for a new line now.
async fn show(ends: &mut Ends, errand: &Errand, bytes: &[u8]) -> std::io::Result<()> {
    if errand.has_tty() {
        return ends.show(bytes).await;
    }
    let mut shown = Vec::with_capacity(bytes.len() + 16);
    for byte in bytes {
        if *byte == b'\n' {
            shown.push(b'\r');
        }
        shown.push(*byte);
    }
    ends.show(&shown).await
}

/// Watches for the key that leaves, twice in a row; alone it is held back until something else is typed.
#[derive(Debug, Default)]
struct Leaving {
    is_held: bool,
}

impl Leaving {
    /// What is to be sent of what was typed; none where the user leaves.
    fn sift(&mut self, typed: &[u8]) -> Option<Vec<u8>> {
        let mut sent = Vec::with_capacity(typed.len() + 1);
        for byte in typed {
            match (*byte, self.is_held) {
                (LEAVE, true) => return None,
                (LEAVE, false) => self.is_held = true,
                (byte, is_held) => {
                    sent.extend(is_held.then_some(LEAVE));
                    self.is_held = false;
                    sent.push(byte);
                }
            }
        }
        Some(sent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_leaves_when_it_comes_twice_and_is_sent_when_it_does_not() {
        let mut leaving = Leaving::default();
        assert_eq!(leaving.sift(b"ls\r"), Some(b"ls\r".to_vec()));
        assert_eq!(leaving.sift(&[LEAVE]), Some(Vec::new()));
        assert_eq!(leaving.sift(b"a"), Some(vec![LEAVE, b'a']));
        assert_eq!(leaving.sift(&[b'x', LEAVE]), Some(b"x".to_vec()));
        assert_eq!(leaving.sift(&[LEAVE]), None);
        assert_eq!(Leaving::default().sift(&[LEAVE, LEAVE]), None);
    }
}
