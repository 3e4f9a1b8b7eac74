//! The effort spent on one action of a run: attempts, waits, doubts, and the journal of them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_engine::{Invocation, Outcome, Verdict};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Effect, Failure, Report, Retry},
    approval::Approval,
    journal::{ActionEnded, ApprovalAsked, Ended, Event, LogLevel, Planned, Terms},
    limits::{PARK_AFTER, PENDING_TIME, RETRY_AFTER_MAX, RETRY_WAIT, RETRY_WAIT_MAX, TURN_LOOK},
    run::Position,
};
use palisade_policy::Proposed;
use serde_json::{Value, json};

use crate::{
    action::Prepared,
    active::ActiveRun,
    clock,
    guard::{Admitted, Asked},
    history::{Progress, Stage},
    steps::{Open, until},
};

/// One action of a run, and how far it got.
pub(crate) struct Effort {
    pub(crate) run: Arc<ActiveRun>,
    pub(crate) step: Position,
    prepared: Prepared,
    /// What the journal says of it, whatever is installed by now.
    terms: Terms,
    /// When the playbook asked for it.
    began: Timestamp,
    attempts: u32,
    /// The rules to which there is consent, and those that have let an attempt through.
    pub(crate) consents: Vec<String>,
    /// An attempt left, and may have taken effect for all that is known.
    pub(crate) doubtful: bool,
    pending_since: Option<Timestamp>,
    /// The token that the journal has.
    token: Option<String>,
    upstream: Duration,
}

/// Where an effort goes from where it was.
enum Next {
    To(Stage),
    Ended(ActionResult),
    /// Nothing was sent: this would be.
    Planned(Planned),
    /// The run is left or halted: the journal has what is needed to go on.
    Aside,
}

impl Effort {
    pub(crate) fn new(
        run: &Arc<ActiveRun>,
        step: Position,
        prepared: Prepared,
        terms: Terms,
        began: Timestamp,
        progress: &Progress,
    ) -> Self {
        let run = Arc::clone(run);
        let Progress { attempts, ref consents, pending_since, .. } = *progress;
        Self {
            run,
            step,
            prepared,
            terms,
            began,
            attempts,
            consents: consents.clone(),
            doubtful: matches!(progress.stage, Stage::Sent | Stage::Retried(_)),
            pending_since,
            token: None,
            upstream: Duration::ZERO,
        }
    }

    /// Goes on from this stage until the action has ended, a person must decide, or the run is left.
    pub(crate) async fn go_on(mut self, mut stage: Stage) {
        loop {
            let next = match stage {
                Stage::Begun => self.begin().await,
                // Nobody heard the end of it.
                Stage::Sent if self.terms.retry == Retry::Unsafe => self.find_out("the host stopped").await,
                Stage::Sent => self.begin().await,
                Stage::Retried(then) => match self.sleep(then).await {
                    Ok(()) => self.begin().await,
                    Err(next) => next,
                },
                Stage::Pending { token, next } => match self.sleep(next).await {
                    Ok(()) => self.look(&token).await,
                    Err(next) => next,
                },
                Stage::Decided(result) => Next::Ended(*result),
                Stage::InDoubt => {
                    let run = Arc::clone(&self.run);
                    return run.hold(self, Open::Decision);
                }
                Stage::Asked(approval) => {
                    let run = Arc::clone(&self.run);
                    return run.hold(self, Open::Consent(approval));
                }
            };
            stage = match next {
                Next::To(stage) => stage,
                Next::Ended(result) => return self.end(result.into()),
                Next::Planned(planned) => return self.end(Ended::Planned(planned)),
                Next::Aside => return,
            };
        }
    }

    /// Tells a system whose job is pending that nobody waits for it any more, and ends the action with its answer.
    pub(crate) async fn cancel(mut self, token: &str, cancelled: Failure) {
        let outcome = self.call(Some(token), true).await.0;
        let result = match outcome {
            Ok(Outcome::Done(report)) => Ok(report),
            Ok(Outcome::Pending { message, .. }) => {
                Err(Failure::Cancelled { message: format!("{cancelled}, and the system goes on: {message}") })
            }
            Err(failure) => {
                Err(Failure::Cancelled { message: format!("{cancelled}; the system was told: {failure}") })
            }
        };
        self.end(result.into());
    }

    fn mutates(&self) -> bool {
        self.terms.effect.mutates()
    }

    /// Writes the end down, and gives it to the playbook.
    fn end(&self, ended: Ended) {
        let result = ActionResult::from(ended.clone());
        let ended = Event::ActionEnded(ActionEnded {
            position: self.step,
            result: ended,
            attempts: self.attempts.max(1),
            took_us: micros(Duration::try_from(clock::now().duration_since(self.began)).unwrap_or_default()),
            upstream_us: micros(self.upstream),
            done_by: None,
            undo_at: None,
        });
        // A journal that cannot be written sets the run aside by itself.
        self.run.end(self.step, ended, result, self.mutates()).ok();
    }

    /// Waits for its time.
    async fn sleep(&self, then: Timestamp) -> Result<(), Next> {
        if !self.run.set(self.step, Open::Until(then)) {
            return Err(Next::Aside);
        }
        tokio::time::sleep(until(then)).await;
        if self.run.set(self.step, Open::Turn) { Ok(()) } else { Err(Next::Aside) }
    }

    /// Makes an attempt, if the mode of the run and the policy let it. Both are asked at the last moment, when nothing is
    /// waited for any more but the disk.
    async fn begin(&mut self) -> Next {
        let runs = Arc::clone(&self.run.runs);
        // A plan acts on nothing.
        let turn = if self.run.plans_only() { Ok(None) } else { runs.targets.turn(&self.prepared) };
        let Ok(_turn) = turn else {
            return Next::To(Stage::Retried(clock::now().checked_add(TURN_LOOK).unwrap_or(Timestamp::MAX)));
        };
        let permits = Arc::clone(&runs.action_permits);
        let Ok(_permit) = permits.acquire().await else { return Next::Aside };
        if !self.run.set(self.step, Open::Busy) {
            return Next::Aside;
        }
        if let Some(failure) = self.stopped() {
            return match self.doubtful && self.mutates() {
                true => self.doubt(&format!("it may not be sent again: {failure}")),
                false => Next::Ended(Err(failure)),
            };
        }
        if self.mutates() {
            let rule = match self.admit().await {
                Ok(rule) => rule,
                Err(next) => return next,
            };
            self.attempts += 1;
            let sent = Event::ActionSent { position: self.step, attempt: self.attempts, rule };
            let written = match self.run.journal.durable(sent) {
                Ok(written) => written.await,
                Err(stop) => Err(stop),
            };
            if written.is_err() {
                return Next::Aside;
            }
        } else {
            self.attempts += 1;
        }
        self.send(None).await
    }

    /// The rule that lets a mutating action be sent, or where it goes instead.
    async fn admit(&mut self) -> Result<String, Next> {
        if self.run.plans_only() {
            return Err(match (self.doubtful, self.run.run.undoes) {
                (true, _) => self.doubt("sending it again must wait until safe mode is off"),
                // A plan is no use to whoever wants something taken back. What failed can be tried again.
                (false, Some(_)) => Next::Ended(Err(denied("safe mode is on"))),
                (false, None) => self.plan().await,
            });
        }
        let counted = self.attempts > 0;
        match self.run.runs.guard.admit(&self.proposed(), &self.consents, counted) {
            Admitted::Yes { rule } => {
                self.consents.push(rule.clone());
                Ok(rule)
            }
            Admitted::No { message } if self.doubtful => {
                Err(self.doubt(&format!("it may not be sent again: {message}")))
            }
            Admitted::No { message } => Err(Next::Ended(Err(denied(&message)))),
            Admitted::Ask(asked) => Err(self.ask(asked)),
        }
    }

    /// Puts the action to a person.
    fn ask(&self, asked: Asked) -> Next {
        let (asset, spec) = (&self.prepared.asset.asset, self.prepared.spec());
        let now = clock::now();
        let approval = Approval {
            connector: asset.connector.to_string(),
            action: spec.name.clone(),
            asset: asset.name.clone(),
            parameters: self.prepared.parameters.clone(),
            undo_after_ms: self.run.undo_after(self.step),
            rule: asked.rule,
            to: asked.role,
            deadline: now.checked_add(asked.within).unwrap_or(now),
            at_deadline: asked.at_deadline,
        };
        let event = ApprovalAsked { position: self.step, approval: approval.clone() };
        match self.run.journal.soon(Event::ApprovalAsked(event)) {
            Ok(_) => Next::To(Stage::Asked(Box::new(approval))),
            Err(_) => Next::Aside,
        }
    }

    /// Finds out what the action would send, and sends none of it.
    async fn plan(&mut self) -> Next {
        let (asset, spec) = (&self.prepared.asset, self.prepared.spec());
        let (call, plan) = asset.gate.planning_call(spec.effect, &spec.reads);
        let key = self.key();
        let invoked = asset.connector.connector.invoke(call, self.invocation(&key, None, false)).await;
        self.upstream += invoked.upstream;
        let requests = plan.requests();
        // Without a request that would change something, what the connector found wrong is the truth.
        if let (true, Err(failure @ (Failure::InvalidParameters { .. } | Failure::NotFound { .. }))) =
            (requests.is_empty(), &invoked.outcome)
        {
            return Next::Ended(Err(failure.clone()));
        }
        let policy = self.run.runs.guard.foresee(&self.proposed());
        Next::Planned(Planned { requests, policy })
    }

    fn proposed(&self) -> Proposed<'_> {
        let (asset, spec) = (&self.prepared.asset.asset, self.prepared.spec());
        let alert = &self.run.alert;
        Proposed {
            effect: self.terms.effect,
            connector: asset.connector.as_str(),
            action: &spec.name,
            asset: asset.name.as_str(),
            playbook: self.run.run.playbook.as_str(),
            label: &alert.label,
            severity: alert.severity,
            parameters: &self.prepared.parameters,
            // What contains is asked about like any other: to unblock something for a while is no way to block it.
            undoes: self.run.run.undoes.is_some() && self.terms.effect != Effect::Contain,
        }
    }

    /// Looks at a pending job.
    async fn look(&mut self, token: &str) -> Next {
        let permits = Arc::clone(&self.run.runs.action_permits);
        let Ok(_permit) = permits.acquire().await else { return Next::Aside };
        if !self.run.set(self.step, Open::Busy) {
            return Next::Aside;
        }
        if let Some(failure) = self.stopped().filter(|_| self.mutates()) {
            return self
                .doubt(&format!("the system works on it, but cannot be asked how it stands: {failure}"));
        }
        self.send(Some(token)).await
    }

    /// Why the connector is not called, if the operator has disabled or removed it, or removed the asset. Whatever the run
    /// began with: this holds at once.
    fn stopped(&self) -> Option<Failure> {
        let asset = &self.prepared.asset.asset;
        let catalogue = self.run.runs.catalogue();
        let why = catalogue.stopped(&asset.connector).or_else(|| {
            // One that does not fit the version that is installed is not in the catalogue, and there all the same.
            let is_gone = catalogue.asset(asset.name.as_str()).is_none()
                && matches!(self.run.runs.store.asset(&asset.name), Ok(None));
            is_gone.then(|| format!("asset {} was removed", asset.name))
        });
        why.map(|why| denied(&why))
    }

    /// Calls the connector, and sees where that leads.
    async fn send(&mut self, token: Option<&str>) -> Next {
        match self.call(token, false).await {
            (Ok(Outcome::Done(report)), _) => Next::Ended(Ok(report)),
            (Ok(Outcome::Pending { after, token, message }), _) => self.pend(after, token, message),
            (Err(failure), true) if self.mutates() && self.terms.retry == Retry::Unsafe => {
                self.find_out(&failure.to_string()).await
            }
            (Err(failure), doubt) => self.fail(failure, doubt),
        }
    }

    /// The system works on it.
    fn pend(&mut self, after: Duration, token: String, message: String) -> Next {
        let now = clock::now();
        let since = *self.pending_since.get_or_insert(now);
        let next = now.checked_add(after).unwrap_or(Timestamp::MAX);
        if Duration::try_from(next.duration_since(since)).is_ok_and(|time| time > PENDING_TIME) {
            let message = format!("not finished after {} min: {message}", PENDING_TIME.as_secs() / 60);
            return Next::Ended(Err(Failure::Unavailable { message }));
        }
        // A look that soon is followed by another need not be found again.
        if after <= PARK_AFTER && self.token.as_ref() == Some(&token) {
            return Next::To(Stage::Pending { token, next });
        }
        self.token = Some(token.clone());
        let pending = Event::ActionPending { position: self.step, token: token.clone(), message, next };
        let journal = &self.run.journal;
        // Of a mutating one, the token is what keeps it from being sent again.
        let written =
            if self.mutates() { journal.soon(pending).map(drop) } else { journal.buffered(pending) };
        if written.is_err() { Next::Aside } else { Next::To(Stage::Pending { token, next }) }
    }

    /// An attempt failed: there will be another, or not.
    fn fail(&mut self, failure: Failure, doubt: bool) -> Next {
        let Some(wait) = self.wait_before_next(&failure) else {
            return Next::Ended(Err(if doubt && self.mutates() { doubtful(failure) } else { failure }));
        };
        let next = clock::now().checked_add(wait).unwrap_or(Timestamp::MAX);
        self.pending_since = None;
        self.doubtful |= doubt;
        let retried = Event::ActionRetried { position: self.step, attempt: self.attempts, failure, next };
        match self.run.journal.buffered(retried) {
            Ok(()) => Next::To(Stage::Retried(next)),
            Err(_) => Next::Aside,
        }
    }

    /// How long to wait before the next attempt; none if there must not be one.
    fn wait_before_next(&self, failure: &Failure) -> Option<Duration> {
        let limits = self.terms.limits;
        if self.attempts >= limits.attempts || self.terms.retry == Retry::Unsafe {
            return None;
        }
        let wait = match failure {
            Failure::RateLimited { retry_after_ms: Some(after), .. } => {
                Some(Duration::from_millis(*after)).filter(|wait| *wait <= RETRY_AFTER_MAX)
            }
            Failure::RateLimited { .. } | Failure::Unavailable { .. } => Some(backoff(self.attempts)),
            Failure::Upstream { http_status: Some(500..), .. } => Some(backoff(self.attempts)),
            _ => None,
        }?;
        let spent = Duration::try_from(clock::now().duration_since(self.began)).unwrap_or_default();
        (spent + wait <= Duration::from_secs(limits.seconds.into())).then_some(wait)
    }

    /// An action that must not be repeated was sent, and nobody heard its end. If the connector can tell whether it took
    /// effect, the truth counts; if not, a person must decide.
    async fn find_out(&mut self, why: &str) -> Next {
        let unknown = if self.prepared.spec().verifies {
            if !self.run.set(self.step, Open::Busy) {
                return Next::Aside;
            }
            match self.verify().await {
                Ok(Verdict::Happened(report)) => return Next::Ended(Ok(report)),
                Ok(Verdict::DidNotHappen) if self.attempts >= self.terms.limits.attempts => {
                    let message = format!("{why}; the system says that it did not happen");
                    return Next::Ended(Err(Failure::Unavailable { message }));
                }
                Ok(Verdict::DidNotHappen) => {
                    let line = format!("{why}; the system says that it did not happen, so it is sent again");
                    self.log(LogLevel::Warn, line);
                    self.doubtful = false;
                    return Next::To(Stage::Begun);
                }
                Ok(Verdict::Unknown(message)) => {
                    format!("the system cannot tell whether it happened: {message}")
                }
                Err(failure) => format!("the system could not be asked whether it happened: {failure}"),
            }
        } else {
            "the connector cannot find out whether it happened".to_owned()
        };
        self.doubt(&format!("{why}; {unknown}"))
    }

    /// It was sent, and a person must say what became of it.
    fn doubt(&self, why: &str) -> Next {
        let message = format!("it was sent, and {why}");
        match self.run.journal.soon(Event::ActionInDoubt { position: self.step, message }) {
            Ok(_) => Next::To(Stage::InDoubt),
            Err(_) => Next::Aside,
        }
    }

    /// Asks whether it took effect, as often as the action itself would be tried were it safe.
    async fn verify(&mut self) -> Result<Verdict, Failure> {
        let mut attempt = 1;
        loop {
            if let Some(failure) = self.stopped() {
                return Err(failure);
            }
            let (asset, spec) = (&self.prepared.asset, self.prepared.spec());
            let call = asset.gate.call(Effect::Investigate, &spec.reads);
            let key = self.key();
            let verified = asset.connector.connector.verify(call, self.invocation(&key, None, false)).await;
            self.upstream += verified.upstream;
            for line in verified.log {
                self.log(line.level, line.message);
            }
            match verified.verdict {
                Err(Failure::Unavailable { message }) if attempt < self.terms.limits.attempts => {
                    self.log(LogLevel::Warn, format!("it could not be asked whether it happened: {message}"));
                    tokio::time::sleep(backoff(attempt)).await;
                    attempt += 1;
                }
                verdict => return verdict,
            }
        }
    }

    /// One call of the connector, and whether a failure of it leaves doubt.
    async fn call(&mut self, token: Option<&str>, cancelled: bool) -> (Result<Outcome, Failure>, bool) {
        if let Some(failure) = self.stopped() {
            return (Err(failure), false);
        }
        let (asset, spec) = (&self.prepared.asset, self.prepared.spec());
        let call = asset.gate.call(spec.effect, &spec.reads);
        let key = self.key();
        let began = Instant::now();
        let invoked = asset.connector.connector.invoke(call, self.invocation(&key, token, cancelled)).await;
        tracing::debug!(run = self.run.run.id, step = self.step, took = ?began.elapsed(), "A connector was called.");
        self.upstream += invoked.upstream;
        for line in invoked.log {
            self.log(line.level, line.message);
        }
        let outcome = match (invoked.outcome, self.run.journal.reserve(invoked.report_bytes)) {
            // What happened has happened, and is told; only what was found finds no room.
            (Ok(Outcome::Done(report)), Err(stop)) => Ok(Outcome::Done(Report {
                message: format!("{} What it found is left out: {stop}.", report.message),
                summary: json!({}),
                data: Value::Null,
                ..report
            })),
            (outcome, _) => outcome,
        };
        (outcome, invoked.doubt)
    }

    fn invocation<'a>(&'a self, key: &'a str, resume: Option<&'a str>, cancelled: bool) -> Invocation<'a> {
        Invocation {
            action: &self.prepared.spec().name,
            parameters: &self.prepared.parameters,
            idempotency_key: key,
            attempt: self.attempts.max(1),
            resume,
            cancelled,
        }
    }

    /// The same for every attempt at this step, and for no other step of any run of any installation.
    fn key(&self) -> String {
        format!("palisade-{}-{}-{}", self.run.runs.installation, self.run.run.id, self.step)
    }

    fn log(&self, level: LogLevel, message: String) {
        // A journal that cannot be written is noticed at the next entry that counts.
        self.run.journal.log(self.step, level, message).ok();
    }
}

/// The wait after this attempt: twice as long each time, half of it by chance.
fn backoff(attempt: u32) -> Duration {
    let whole = RETRY_WAIT.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(RETRY_WAIT_MAX);
    // Without chance the wait is the longest.
    let chance = palisade_engine::random_bytes(1).map_or(u8::MAX, |bytes| bytes[0]);
    whole / 2 + whole / 2 * u32::from(chance) / u32::from(u8::MAX)
}

fn denied(message: &str) -> Failure {
    Failure::Denied { message: message.to_owned() }
}

/// A failure of an action that may have taken effect all the same.
fn doubtful(failure: Failure) -> Failure {
    let add = |message: String| format!("{message}; nobody knows whether it took effect");
    match failure {
        Failure::Unavailable { message } => Failure::Unavailable { message: add(message) },
        Failure::Plugin { message } => Failure::Plugin { message: add(message) },
        Failure::Upstream { http_status, message } => {
            Failure::Upstream { http_status, message: add(message) }
        }
        other => other,
    }
}

/// Whole microseconds; an action is bounded far below where they overflow.
fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
