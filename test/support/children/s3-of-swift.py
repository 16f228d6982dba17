"""OpenStack Swift with its S3 interface in one process: prints its port, ends with its standard input.

Real signature checks, real listings and conditional writes; one device, no replication.
"""

import logging
import os
import shutil
import sys
import tempfile
import threading

import eventlet

eventlet.monkey_patch()

from swift.common import storage_policy, utils  # noqa: E402

folder = tempfile.mkdtemp(prefix="tilegraph-swift-")
utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
with open(utils.SWIFT_CONF_FILE, "w") as conf:
    conf.write(
        "[swift-hash]\nswift_hash_path_suffix = tests\n"
        "[storage-policy:0]\nname = one\ndefault = yes\n"
        # Keys of ours may be longer than Swift's own limit for the parts of an upload.
        "[swift-constraints]\nmax_header_size = 32768\n"
    )
utils.validate_configuration()
storage_policy.reload_storage_policies()

from eventlet import wsgi  # noqa: E402
from swift.account.server import AccountController  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402
from swift.container.server import ContainerController  # noqa: E402
from swift.obj.server import ObjectController  # noqa: E402

devices = os.path.join(folder, "devices")
os.makedirs(os.path.join(devices, "sda"))
own = {"devices": devices, "mount_check": "false", "swift_dir": folder, "workers": "0", "bind_ip": "127.0.0.1"}
quiet = logging.getLogger("quiet")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False


def serve(app, backlog=512):
    socket = eventlet.listen(("127.0.0.1", 0), backlog=backlog)
    eventlet.spawn(
        wsgi.server, socket, app, quiet, protocol=SwiftHttpProtocol, log_output=False, max_size=1000
    )
    return socket.getsockname()[1]


def ring(name, port):
    builder = RingBuilder(4, 1, 0)
    builder.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "sda"})
    builder.rebalance()
    builder.get_ring().save(os.path.join(folder, name + ".ring.gz"))


# The account and container servers are asked by those above them: their rings come first.
for name, controller in (("account", AccountController), ("container", ContainerController), ("object", ObjectController)):
    ring(name, serve(controller(own)))

proxy = os.path.join(folder, "proxy.conf")
with open(proxy, "w") as conf:
    conf.write(
        f"""[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth bulk slo dlo copy proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
dns_compliant_bucket_names = true
location = us-east-1
min_segment_size = 1024
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
[filter:copy]
use = egg:swift#copy
"""
    )
port = serve(loadapp(proxy, global_conf={"log_level": "ERROR"}))
print(port, flush=True)


def wait_for_end():
    eventlet.tpool.execute(sys.stdin.buffer.read)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


wait_for_end()
