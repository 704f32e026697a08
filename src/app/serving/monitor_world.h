#pragma once

#include "monitoring/monitor.h"

namespace turnpike {

class App;

/// What the monitor works with in this process. `app` outlives it; its jobs are asked when the
/// monitor runs, not before.
MonitorWorld monitor_world(App& app);

}  // namespace turnpike
