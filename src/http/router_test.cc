#include "http/router.h"

#include <gtest/gtest.h>

namespace turnpike::http {
namespace {

constexpr Router::Entry kEntries[] = {
    {Method::Get, "/"},                                     // 0
    {Method::Get, "/v1/plans"},                             // 1
    {Method::Post, "/v1/plans"},                            // 2
    {Method::Get, "/v1/plans/{plan}"},                      // 3
    {Method::Delete, "/v1/plans/{plan}"},                   // 4
    {Method::Get, "/v1/plans/default"},                     // 5
    {Method::Post, "/v1/plans/{plan}/versions/{version}"},  // 6
    {Method::Get, "/v1/{kind}/x/y"},                        // 7
    {Method::Get, "/v1/plans/x/z"},                         // 8
    {Method::Head, "/special"},                             // 9
    {Method::Get, "/special"},                              // 10
    {Method::Get, "/ask/**"},                               // 11
    {Method::Put, "/ask/**"},                               // 12
    {Method::Get, "/ask/fixed"},                            // 13
    {Method::Get, "/ask/{part}/x"},                         // 14
};

struct FoundCase {
    const char* name;
    Method method;
    const char* path;
    std::size_t index;
    std::vector<std::pair<std::string, std::string>> values;
};

TEST(Router, FindsTheMostSpecificRoute) {
    const FoundCase cases[] = {
        {"root", Method::Get, "/", 0, {}},
        {"fixed", Method::Get, "/v1/plans", 1, {}},
        {"by method", Method::Post, "/v1/plans", 2, {}},
        {"part", Method::Get, "/v1/plans/pro", 3, {{"plan", "pro"}}},
        {"fixed beats part", Method::Get, "/v1/plans/default", 5, {}},
        {"a method that only the part has",
         Method::Delete,
         "/v1/plans/default",
         4,
         {{"plan", "default"}}},
        {"two parts", Method::Post, "/v1/plans/a/versions/b", 6, {{"plan", "a"}, {"version", "b"}}},
        {"turns back from a fixed segment", Method::Get, "/v1/plans/x/y", 7, {{"kind", "plans"}}},
        {"stays in the fixed segment", Method::Get, "/v1/plans/x/z", 8, {}},
        {"decoded once", Method::Get, "/v1/plans/a%2520b", 3, {{"plan", "a%20b"}}},
        {"an encoded slash stays in its part",
         Method::Get,
         "/v1/plans/a%2Fb",
         3,
         {{"plan", "a/b"}}},
        {"a plus is a plus", Method::Get, "/v1/plans/a+b", 3, {{"plan", "a+b"}}},
        {"dots mean nothing", Method::Get, "/v1/plans/..", 3, {{"plan", ".."}}},
        {"UTF-8", Method::Get, "/v1/plans/%C3%A4", 3, {{"plan", "\xC3\xA4"}}},
        {"HEAD finds GET", Method::Head, "/v1/plans", 1, {}},
        {"HEAD of its own", Method::Head, "/special", 9, {}},
        {"everything below", Method::Get, "/ask/a/b", 11, {}},
        {"everything below, by method", Method::Put, "/ask/fixed", 12, {}},
        {"nothing below", Method::Get, "/ask/", 11, {}},
        {"below as it was sent", Method::Get, "/ask//%zz/../", 11, {}},
        {"fixed beats below", Method::Get, "/ask/fixed", 13, {}},
        {"a part beats below", Method::Get, "/ask/a/x", 14, {{"part", "a"}}},
        {"turns back from a part", Method::Get, "/ask/a/y", 11, {}},
    };
    const Router router(kEntries);
    for (const auto& c : cases) {
        SCOPED_TRACE(c.name);
        Request request;
        request.method = c.method;
        request.path = c.path;
        const auto match = router.match(request);
        ASSERT_TRUE(match.found);
        EXPECT_EQ(match.index, c.index);
        std::vector<std::pair<std::string, std::string>> values(request.path_values.begin(),
                                                                request.path_values.end());
        EXPECT_EQ(values, c.values);
        for (const auto& [name, value] : c.values) EXPECT_EQ(request.path_value(name), value);
    }
}

TEST(Router, KnowsNoMagic) {
    const Router router(kEntries);
    for (const char* const path :
         {"", "*", "//", "/v1", "/v1/plans/", "/V1/plans", "/v1//plans", "/v1/pl%61ns",
          "/v1/plans//versions/b", "/v1/plans/a/versions/", "/v1/plans/%zz", "/v1/plans/a%",
          "/v1/plans/%00", "/v1/plans/%C0%AF", "/v1/plans/a/versions/b/c", "/nope", "/ask",
          "/asked/a"}) {
        SCOPED_TRACE(path);
        Request request;
        request.method = Method::Get;
        request.path = path;
        const auto match = router.match(request);
        EXPECT_FALSE(match.found);
        EXPECT_EQ(match.miss, Router::Miss::NoSuchPath);
        EXPECT_TRUE(request.path_values.empty());
    }
}

TEST(Router, NamesTheMethodsThatAPathHas) {
    const Router router(kEntries);
    Request request;
    request.method = Method::Put;
    request.path = "/v1/plans/default";
    const auto match = router.match(request);
    EXPECT_FALSE(match.found);
    EXPECT_EQ(match.miss, Router::Miss::MethodNotAllowed);
    EXPECT_EQ(match.allowed, (std::vector<Method>{Method::Get, Method::Head, Method::Delete}));
}

TEST(RouterDeathTest, RefusesTwoRoutesForOneRequest) {
    const Router::Entry clash[] = {{Method::Get, "/v1/{a}"}, {Method::Get, "/v1/{b}"}};
    EXPECT_DEATH(Router{clash}, "two routes never match the same request");
}

TEST(RouterDeathTest, AskingForAnUnknownPartIsABrokenPromise) {
    const Request request;
    EXPECT_DEATH((void)request.path_value("plan"), "own pattern");
}

}  // namespace
}  // namespace turnpike::http
