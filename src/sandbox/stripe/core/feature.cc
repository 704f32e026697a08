#include "sandbox/stripe/core/feature.h"

#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace turnpike::twin {
namespace {

using KindAndMember = std::pair<std::string_view, std::string_view>;

/// The features' rows by what they are asked for: visible() asks for each object of a document.
struct Registry {
    std::map<KindAndMember, std::string_view> expandables;
    std::map<std::string_view, std::vector<const Includable*>> includables;
    std::map<std::string_view, const EngineStep*> steps;
    std::vector<const EventListener*> listeners;
    std::vector<void (*)(Context&, const Json&)> recorded;
};

Registry collect() {
    Registry all;
    for (const auto& feature : features()) {
        for (const auto& row : feature.expandables)
            all.expandables.emplace(KindAndMember{row.kind, row.path}, row.target);
        for (const auto& row : feature.includables) all.includables[row.kind].push_back(&row);
        for (const auto& step : feature.steps) all.steps.emplace(step.kind, &step);
        for (const auto& listener : feature.listeners) all.listeners.push_back(&listener);
        if (feature.event_recorded != nullptr) all.recorded.push_back(feature.event_recorded);
    }
    return all;
}

const Registry& registry() {
    static const Registry kRegistry = collect();
    return kRegistry;
}

}  // namespace

std::optional<std::string_view> expandable_kind(std::string_view kind, std::string_view path) {
    const auto& rows = registry().expandables;
    const auto found = rows.find({kind, path});
    if (found == rows.end()) return std::nullopt;
    return found->second;
}

std::span<const Includable* const> includables_of(std::string_view kind) {
    const auto& rows = registry().includables;
    const auto found = rows.find(kind);
    if (found == rows.end()) return {};
    return found->second;
}

const Includable* find_includable(std::string_view kind, std::string_view member) {
    for (const auto* row : includables_of(kind))
        if (row->member == member) return row;
    return nullptr;
}

const EngineStep* find_step(std::string_view kind) {
    const auto& steps = registry().steps;
    const auto found = steps.find(kind);
    return found == steps.end() ? nullptr : found->second;
}

void tell_listeners(Context& ctx, std::string_view type, const Json& object) {
    for (const auto* listener : registry().listeners)
        if (type.starts_with(listener->types)) listener->heard(ctx, type, object);
}

void tell_of_event(Context& ctx, const Json& event) {
    for (const auto hear : registry().recorded) hear(ctx, event);
}

}  // namespace turnpike::twin
