use std::{
    fs,
    io::Read,
    ops::Range,
    path::Path,
    process::ChildStderr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use script::Program;

use crate::{
    Case, Host, Load, Mishaps, Person, Site, Tally, host, judge,
    quiet::until_quiet,
    trace::{CALLS, Trace},
};

/// Microseconds that a call stands before the kernel executes it, so that whoever reads the trace can kill the host
/// before that. Doubled when that was too short.
const STAND_US: u32 = 10_000;

/// Every point. No program here has as many; more would mean that a sweep does not end.
pub const ALL_POINTS: Range<u64> = 1..2_000;

/// Kills a host at each write of one program in turn: at the first write into its store or to a socket, then with fresh
/// data at the second, and so on, until a host comes to the end of its work before it dies. After each kill another host
/// goes on, and is judged.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// What is done again and again. Its tags are the same each time.
    pub program: Program,
    /// How many of these are at work side by side.
    pub workers: usize,
    /// At which writes.
    pub points: Range<u64>,
}

/// What came of one point.
#[derive(Clone, Debug)]
pub struct Swept {
    /// Which, from 1.
    pub point: u64,
    /// The call at which the host was killed; none if it came to its end before.
    pub call: Option<String>,
}

impl Sweep {
    /// Runs it. `progress` is told about each point.
    ///
    /// # Panics
    ///
    /// If a host does not start again, or strace cannot be run.
    pub fn run(&self, progress: impl FnMut(&Swept) + Send) -> Tally {
        let next = AtomicU64::new(self.points.start);
        let end = AtomicU64::new(self.points.end);
        let outcome = Mutex::new((Tally::default(), progress));
        thread::scope(|scope| {
            for _ in 0..self.workers {
                scope.spawn(|| {
                    let site = Site::new(Mishaps::none());
                    loop {
                        let point = next.fetch_add(1, SeqCst);
                        if point >= end.load(SeqCst) {
                            return;
                        }
                        let (swept, tally) = self.point(&site, point);
                        if swept.call.is_none() {
                            end.fetch_min(point, SeqCst);
                        }
                        let mut outcome = outcome.lock().unwrap_or_else(PoisonError::into_inner);
                        outcome.0.add(tally);
                        (outcome.1)(&swept);
                    }
                });
            }
        });
        outcome.into_inner().unwrap_or_else(PoisonError::into_inner).0
    }

    /// Kills a host at this point, however long its calls must stand for that.
    fn point(&self, site: &Site, point: u64) -> (Swept, Tally) {
        let mut total = Tally::default();
        let mut stand_us = STAND_US;
        loop {
            site.actuator.forget();
            let (death, tally) = self.once(site, point, stand_us);
            total.add(tally);
            match death {
                // The host is dead, but the call was executed: this was another point.
                Some(death) if death.late => stand_us *= 2,
                death => return (Swept { point, call: death.map(|death| death.call) }, total),
            }
        }
    }

    fn once(&self, site: &Site, point: u64, stand_us: u32) -> (Option<Death>, Tally) {
        let data = site.snapshot();
        let directory = data.path();
        let mut person = Person::default();
        let load = Load::new(vec![Case { id: "one".to_owned(), program: self.program.clone(), alert: None }]);
        thread::scope(|scope| {
            let _ending = load.ends_when_dropped();
            scope.spawn(|| load.send());
            let (mut traced, trace) = Host::spawn_traced(directory, CALLS, stand_us);
            let watching = scope.spawn(|| kill_at(point, directory, trace, site.actuator.port()));
            if let Some(api) = traced.api() {
                load.open(Some(api.clone()), 1);
                until_quiet(&api, &load, &site.actuator, &mut person, || traced.has_ended());
            }
            traced.kill();
            person.a_host_was_killed();
            load.open(None, 1);
            let death = watching.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            site.actuator.drain();

            let mut host = Host::spawn(directory);
            let api = host
                .api()
                .unwrap_or_else(|| panic!("the host does not start:\n{}", host::end_of_log(directory)));
            load.open(Some(api.clone()), 1);
            until_quiet(&api, &load, &site.actuator, &mut person, || false);
            let mut tally = judge(&api, &load.cases(), &site.actuator, &person);
            if let (Some(death), false) = (&death, tally.is_good()) {
                tally.findings.insert(0, format!("killed at point {point}, {}:", death.call));
                tally.findings.push(format!("log:\n{}", host::end_of_log(directory)));
            }
            (death, tally)
        })
    }
}

/// How a host died.
struct Death {
    /// At which call.
    call: String,
    /// Whether the kernel had executed the call by then.
    late: bool,
}

/// Reads the trace to its end, and kills the host at this call.
fn kill_at(point: u64, directory: &Path, mut output: ChildStderr, port: u16) -> Option<Death> {
    let mut trace = Trace::new(port);
    let mut buffer = vec![0; 64 * 1024];
    let mut begun = 0;
    let mut last = None;
    loop {
        let read = output.read(&mut buffer).unwrap_or(0);
        if read == 0 {
            break;
        }
        trace.add(&buffer[..read]);
        while let Some(call) = trace.next() {
            begun += 1;
            if begun == point {
                host::kill(directory);
                last = Some(call);
            }
        }
    }
    // For whoever keeps the data.
    let _ = fs::write(directory.join("trace"), trace.text());
    last.map(|call| Death { late: trace.was_executed(&call), call: call.what })
}
