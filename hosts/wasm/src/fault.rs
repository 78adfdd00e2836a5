//! Host calls that go wrong on purpose.

use std::collections::BTreeMap;

use crate::status::Status;

/// Every host call that this crate offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each is named after the call")]
pub enum HostCall {
    Log,
    CurrentTime,
    SetTickPeriod,
    BufferBytes,
    HeaderMapPairs,
    HeaderMapValue,
    AddHeaderMapValue,
    ReplaceHeaderMapValue,
    RemoveHeaderMapValue,
    Property,
    SendLocalResponse,
    ContinueStream,
    SetEffectiveContext,
    HttpCall,
    DefineMetric,
    IncrementMetric,
    RecordMetric,
    MetricValue,
    SharedValue,
    SetSharedValue,
    Random,
    Clock,
    Write,
    Environment,
    EnvironmentSizes,
    Exit,
}

impl HostCall {
    /// All of them.
    pub const ALL: [Self; 26] = [
        Self::Log,
        Self::CurrentTime,
        Self::SetTickPeriod,
        Self::BufferBytes,
        Self::HeaderMapPairs,
        Self::HeaderMapValue,
        Self::AddHeaderMapValue,
        Self::ReplaceHeaderMapValue,
        Self::RemoveHeaderMapValue,
        Self::Property,
        Self::SendLocalResponse,
        Self::ContinueStream,
        Self::SetEffectiveContext,
        Self::HttpCall,
        Self::DefineMetric,
        Self::IncrementMetric,
        Self::RecordMetric,
        Self::MetricValue,
        Self::SharedValue,
        Self::SetSharedValue,
        Self::Random,
        Self::Clock,
        Self::Write,
        Self::Environment,
        Self::EnvironmentSizes,
        Self::Exit,
    ];

    /// The name under which the guest imports it.
    pub const fn import(self) -> &'static str {
        match self {
            Self::Log => "proxy_log",
            Self::CurrentTime => "proxy_get_current_time_nanoseconds",
            Self::SetTickPeriod => "proxy_set_tick_period_milliseconds",
            Self::BufferBytes => "proxy_get_buffer_bytes",
            Self::HeaderMapPairs => "proxy_get_header_map_pairs",
            Self::HeaderMapValue => "proxy_get_header_map_value",
            Self::AddHeaderMapValue => "proxy_add_header_map_value",
            Self::ReplaceHeaderMapValue => "proxy_replace_header_map_value",
            Self::RemoveHeaderMapValue => "proxy_remove_header_map_value",
            Self::Property => "proxy_get_property",
            Self::SendLocalResponse => "proxy_send_local_response",
            Self::ContinueStream => "proxy_continue_stream",
            Self::SetEffectiveContext => "proxy_set_effective_context",
            Self::HttpCall => "proxy_http_call",
            Self::DefineMetric => "proxy_define_metric",
            Self::IncrementMetric => "proxy_increment_metric",
            Self::RecordMetric => "proxy_record_metric",
            Self::MetricValue => "proxy_get_metric",
            Self::SharedValue => "proxy_get_shared_data",
            Self::SetSharedValue => "proxy_set_shared_data",
            Self::Random => "random_get",
            Self::Clock => "clock_time_get",
            Self::Write => "fd_write",
            Self::Environment => "environ_get",
            Self::EnvironmentSizes => "environ_sizes_get",
            Self::Exit => "proc_exit",
        }
    }
}

/// How a host call goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It does nothing and answers this. A call of WASI answers the number as its error.
    Status(Status),
    /// It does nothing and answers a number that no specification knows.
    Number(u32),
    /// It traps.
    Trap,
}

/// Which host calls go wrong, and how often each was made. An unplanned call is answered as a proxy would.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    counts: BTreeMap<HostCall, u64>,
    planned: BTreeMap<(HostCall, u64), Fault>,
    lasting: BTreeMap<HostCall, Fault>,
}

impl Faults {
    /// Lets the `nth` call from now on go wrong; 1 is the next.
    pub fn plan(&mut self, call: HostCall, nth: u64, fault: Fault) {
        let at = self.count(call).saturating_add(nth);
        self.planned.insert((call, at), fault);
    }

    /// Lets every call go wrong from now on.
    pub fn always(&mut self, call: HostCall, fault: Fault) {
        self.lasting.insert(call, fault);
    }

    /// Forgets all plans.
    pub fn clear(&mut self) {
        self.planned.clear();
        self.lasting.clear();
    }

    /// How often a call was made, whether it went wrong or not.
    pub fn count(&self, call: HostCall) -> u64 {
        self.counts.get(&call).copied().unwrap_or_default()
    }

    /// Counts a call, and answers how it goes wrong.
    pub(crate) fn meet(&mut self, call: HostCall) -> Option<Fault> {
        let count = self.counts.entry(call).or_default();
        *count += 1;
        let planned = self.planned.remove(&(call, *count));
        planned.or_else(|| self.lasting.get(&call).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planned_fault_comes_once_and_a_lasting_one_stays() {
        let mut faults = Faults::default();
        faults.meet(HostCall::Log);
        faults.plan(HostCall::Log, 2, Fault::Trap);
        assert_eq!(faults.meet(HostCall::Log), None);
        assert_eq!(faults.meet(HostCall::Clock), None);
        assert_eq!(faults.meet(HostCall::Log), Some(Fault::Trap));
        assert_eq!(faults.meet(HostCall::Log), None);
        assert_eq!(faults.count(HostCall::Log), 4);
        faults.always(HostCall::Log, Fault::Number(99));
        assert_eq!(faults.meet(HostCall::Log), Some(Fault::Number(99)));
        assert_eq!(faults.meet(HostCall::Log), Some(Fault::Number(99)));
        faults.clear();
        assert_eq!(faults.meet(HostCall::Log), None);
    }

    #[test]
    fn every_call_stands_once_in_the_list() {
        let names: std::collections::BTreeSet<&str> = HostCall::ALL.iter().map(|call| call.import()).collect();
        assert_eq!(names.len(), HostCall::ALL.len());
    }
}
