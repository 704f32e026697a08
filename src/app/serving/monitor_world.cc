#include "app/serving/monitor_world.h"

#include "app/serving/app.h"
#include "app/serving/process_metrics.h"

namespace turnpike {

MonitorWorld monitor_world(App& app) {
    auto jobs = [&app] {
        return std::vector<ActionLag>{{"billing_pass", app.worker.seconds_since_pass()},
                                      {"usage_figures", app.usage_rollup.seconds_behind()}};
    };
    return {*app.db,
            app.clock,
            app.ids,
            app.smtp ? Letters::Sent : Letters::NotSent,
            std::move(jobs),
            show_action_lags(app.metrics),
            show_open_findings(app.metrics)};
}

}  // namespace turnpike
