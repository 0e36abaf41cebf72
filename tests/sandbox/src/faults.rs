//! Faults on request: answers that are wrong, late, or never come.

use std::time::Duration;

use crate::request::{Answer, Request};

/// Something that goes wrong with requests of one method whose path starts in one way.
///
/// Without a status, body or reset the request is served as usual, after the delay.
/// It happens every time until `times` is used up or faults are cleared. rclone asks for a token
/// twice (Basic header, then form), so a refresh that fails once needs `times(2)`.
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    path: String,
    remaining: Option<u32>,
    pub(crate) delay: Duration,
    pub(crate) effect: Effect,
}

#[derive(Clone, Debug)]
pub(crate) enum Effect {
    /// Served as usual.
    Served,
    /// Not served; this instead.
    Answer(Answer),
    /// Not served; the connection is dropped.
    Reset,
    /// Served, but the connection is dropped before the answer.
    AnswerLost,
}

impl Fault {
    /// For requests of `method` (`*` is any) to paths that start with `path`, on every host.
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            remaining: None,
            delay: Duration::ZERO,
            effect: Effect::Served,
        }
    }

    /// Answers with this HTTP status.
    #[must_use]
    pub fn status(self, status: u16) -> Self {
        self.answer(|answer| Answer { status, ..answer })
    }

    /// Answers with this body; status 200 unless set.
    #[must_use]
    pub fn body(self, body: &str) -> Self {
        self.answer(|answer| answer.body(body.to_owned()))
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.answer(|answer| answer.header(name, value))
    }

    /// Waits before the answer is sent, with the work already done.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Happens this often, then never again.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.remaining = Some(times);
        self
    }

    /// Drops the connection, with nothing done.
    #[must_use]
    pub fn reset(mut self) -> Self {
        self.effect = Effect::Reset;
        self
    }

    /// Does what was asked (a refresh token is used up, say) and drops the connection unanswered.
    #[must_use]
    pub fn answer_lost(mut self) -> Self {
        self.effect = Effect::AnswerLost;
        self
    }

    fn answer(mut self, change: impl FnOnce(Answer) -> Answer) -> Self {
        let answer = match self.effect {
            Effect::Answer(answer) => answer,
            _ => Answer::empty(200),
        };
        self.effect = Effect::Answer(change(answer));
        self
    }

    fn hits(&self, request: &Request) -> bool {
        self.remaining != Some(0)
            && (self.method == "*" || self.method == request.method)
            && request.path.starts_with(&self.path)
    }
}

/// The first fault that hits, counted.
pub(crate) fn first_hit(faults: &mut [Fault], request: &Request) -> Option<Fault> {
    let fault = faults.iter_mut().find(|fault| fault.hits(request))?;
    fault.remaining = fault.remaining.map(|remaining| remaining - 1);
    Some(fault.clone())
}
