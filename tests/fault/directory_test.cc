#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "kvstate/serializers.h"
#include "tests/fault/directory_backends.h"
#include "tests/support/status_testing.h"

namespace kvstate {
namespace {

namespace fs = std::filesystem;

constexpr uid_t kNobody = 65534;

class DirectoryTest : public DirectoryBackendTest {};

TEST_P(DirectoryTest, WorksInANewDirectoryAndLeavesNothing) {
  {
    auto backend = Create(root_ / "new/directory");
    ASSERT_OK(backend);
    InternalValueState* state = MakeState(**backend);
    ASSERT_NE(state, nullptr);
    ASSERT_OK(Put(**backend, *state, "key", "value"));
    EXPECT_FALSE(fs::is_empty(root_));
  }
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_P(DirectoryTest, RefusesADirectoryInUseAndLeavesItsUserAlone) {
  auto first = Create(root_);
  ASSERT_OK(first);
  InternalValueState* state = MakeState(**first);
  ASSERT_NE(state, nullptr);
  ASSERT_OK(Put(**first, *state, "key", "value"));
  const Status second = Create(root_).status();
  EXPECT_CODE(second, kFailedPrecondition);
  EXPECT_MENTIONS(second, root_.string());
  const auto value = Get(**first, *state, "key");
  ASSERT_OK(value);
  EXPECT_EQ(*value, "value");
  ASSERT_OK((*first)->Dispose());
  EXPECT_OK(Create(root_));
}

TEST_P(DirectoryTest, APathThatIsAFileIsAnInvalidArgument) {
  std::ofstream(root_ / "file") << "precious";
  for (const fs::path& path : {root_ / "file", root_ / "file/below"}) {
    const Status status = Create(path).status();
    EXPECT_CODE(status, kInvalidArgument);
    EXPECT_MENTIONS(status, (root_ / "file").string());
  }
  EXPECT_EQ(fs::file_size(root_ / "file"), 8u);
}

TEST_P(DirectoryTest, AWrongEngineOptionLeavesNothing) {
  BackendOptions options;
  options.key_serializer = RawBytesSerializer();
  options.directory = (root_ / "new").string();
  options.engine["no_such_option"] = "1";
  const Status status = registry_.Create(GetParam(), options).status();
  EXPECT_CODE(status, kInvalidArgument);
  EXPECT_MENTIONS(status, "no_such_option");
  EXPECT_TRUE(fs::is_empty(root_));
}

TEST_P(DirectoryTest, AnUnwritableDirectoryIsPermissionDenied) {
  fs::permissions(root_,
                  fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
  // Root may write anywhere, so a child that is somebody else tries; it answers with 0, or where it went wrong.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (geteuid() == 0 && setuid(kNobody) != 0) _exit(3);
    const Status status = Create(root_ / "new").status();
    const bool names_it = status.message().find((root_ / "new").string()) != std::string_view::npos;
    _exit(status.code() != StatusCode::kPermissionDenied ? 1 : names_it ? 0 : 2);
  }
  int outcome = 0;
  ASSERT_EQ(waitpid(child, &outcome, 0), child);
  fs::permissions(root_, fs::perms::owner_all);
  ASSERT_TRUE(WIFEXITED(outcome));
  if (WEXITSTATUS(outcome) == 3) GTEST_SKIP() << "root ignores permissions, and may not become another user here";
  EXPECT_EQ(WEXITSTATUS(outcome), 0) << "1: another code than PERMISSION_DENIED; 2: the path is not named";
  EXPECT_TRUE(fs::is_empty(root_));
}

INSTANTIATE_TEST_SUITE_P(Backends, DirectoryTest, testing::ValuesIn(DirectoryBackends()),
                         [](const auto& backend) { return backend.param; });

}  // namespace
}  // namespace kvstate
