"""How gunicorn serves the web: `gunicorn -c python:config.web config.wsgi`."""

from config import env

_host = env.text("HOST", default="127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{env.whole('PORT', default=8000)}"
workers = env.whole("WEB_WORKERS", default=2)
worker_class = "gthread"
threads = env.whole("WEB_THREADS", default=12)  # a client that waits for its transcript holds one
preload_app = True  # the application is read once; nothing in it starts a thread or opens a connection at import

timeout = 120
graceful_timeout = 30  # an answer is held back for at most 25 seconds
keepalive = 15

forwarded_allow_ips = env.text("FORWARDED_ALLOW_IPS", default="127.0.0.1,::1")
control_socket_disable = True

_logs_access = env.flag("ACCESS_LOG", default=False)
accesslog = "-" if _logs_access else None
access_log_format = "%(m)s %(U)s %(s)s, %(B)s bytes, %(M)s ms"  # U is the path without its query
logconfig_dict = {
    "root": {"level": "INFO", "handlers": ["stderr"]},
    "filters": {"scrub": {"()": "config.logs.Scrub"}},
    "formatters": {"json": {"()": "config.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["scrub"]}},
    "loggers": {
        "gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False},
        # Given any configuration, gunicorn writes its access log whether one is wanted or not.
        "gunicorn.access": {"level": "INFO" if _logs_access else "CRITICAL", "handlers": ["stderr"]},
    },
}
