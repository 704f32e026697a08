# turnpike_precompile(TARGET)
#
# With TURNPIKE_UNITY, TARGET finds the headers of others that many sources include parsed already,
# and what they instantiate made already: a third of the compilation of a unit. `dev` goes without, so
# that a source that does not include what it needs is noticed.
set(turnpike_system_headers
    <algorithm> <array> <atomic> <charconv> <chrono> <deque> <expected> <filesystem> <fstream>
    <functional> <future> <map> <memory> <mutex> <optional> <random> <ranges> <set> <span> <sstream>
    <string> <string_view> <thread> <tuple> <unordered_map> <utility> <variant> <vector>
    <boost/asio/awaitable.hpp> <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp>
    <boost/asio/post.hpp> <boost/asio/redirect_error.hpp> <boost/asio/steady_timer.hpp>
    <boost/asio/this_coro.hpp> <boost/asio/use_awaitable.hpp> <boost/asio/use_future.hpp>
    <boost/unordered/unordered_flat_map.hpp>
    <fmt/format.h> <nlohmann/json.hpp> <spdlog/spdlog.h>)
set(turnpike_test_headers <gmock/gmock.h> <gtest/gtest.h> <rapidcheck.h> <rapidcheck/gtest.h>)

function(turnpike_precompiled_headers target)
    set(source ${CMAKE_BINARY_DIR}/${target}.cc)
    file(CONFIGURE OUTPUT ${source} CONTENT "// Only its precompiled header is of use.\n")
    add_library(${target} OBJECT ${source})
    target_link_libraries(${target} PRIVATE turnpike_flags Boost::headers fmt::fmt
        nlohmann_json::nlohmann_json spdlog::spdlog)
    target_compile_definitions(${target} PRIVATE ${turnpike_asio_definitions})
    target_precompile_headers(${target} PRIVATE ${ARGN})
endfunction()

if(TURNPIKE_UNITY)
    if(CCACHE)
        # It may compare a precompiled header by its content, which then must not hold a time.
        set(CMAKE_CXX_COMPILER_LAUNCHER
            ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
        set(CMAKE_CXX_COMPILE_OPTIONS_CREATE_PCH
            ${CMAKE_CXX_COMPILE_OPTIONS_CREATE_PCH} -Xclang -fno-pch-timestamp)
    endif()
    turnpike_precompiled_headers(turnpike_headers ${turnpike_system_headers})
    if(TURNPIKE_TESTS)
        turnpike_precompiled_headers(turnpike_headers_of_tests
            ${turnpike_system_headers} ${turnpike_test_headers})
        target_link_libraries(turnpike_headers_of_tests PRIVATE GTest::gmock rapidcheck)
    endif()
endif()

function(turnpike_precompile target)
    if(NOT TURNPIKE_UNITY)
        return()
    endif()
    set(headers turnpike_headers)
    if(target MATCHES "_test$")
        set(headers turnpike_headers_of_tests)
    endif()
    target_precompile_headers(${target} REUSE_FROM ${headers})
    # Its headers have statics that call it.
    target_link_libraries(${target} PRIVATE turnpike::asio)
endfunction()
