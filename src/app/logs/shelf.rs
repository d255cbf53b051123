//! Older lines on disk: what is on screen comes back, and what the disk refuses is told.

use crate::app::App;
use crate::app::event::Ticket;
use crate::app::session::logs::Room;
use crate::view::logs::shelf::Answer;

impl App {
    /// How much a new view of logs keeps.
    pub(super) fn log_room(&mut self) -> Room {
        let volume = Ticket(self.epoch().0);
        Room { memory: self.settings.log_bytes, disk: self.settings.log_disk, volume }
    }

    /// Brings back the lines that are on screen, and lets the files of all views be written.
    pub(in crate::app) fn recall_logs(&mut self) {
        let on_screen = self.log_screen().filter(|(_, view)| view.tail.buffer.has_away());
        let rows = on_screen.map_or_else(Vec::new, |(screen, view)| self.log_window(screen, view).rows);
        self.change_logs(|_, view| rows.iter().for_each(|row| view.tail.buffer.recall(row.number)));
        for session in &mut self.sessions {
            self.out.extend(session.shelve_logs());
        }
    }

    /// Lines are written, or come back: what waited for them goes on.
    pub(in crate::app) fn shelf_answered(&mut self, volume: Ticket, answer: Answer) {
        let session = self.sessions.iter_mut().find(|session| session.has_shelf(volume));
        let refused = session.and_then(|session| session.shelf_answered(volume, answer));
        if let Some(why) = refused {
            self.say(format!("older lines are not kept on disk any more: {why}"));
        }
        self.sift_logs();
    }
}
