# csprd and cspr in an image that holds their libraries and nothing to build with. The steps are
# ./dev's own, so that the image and a working copy do not differ.
FROM debian:bookworm-slim AS build
WORKDIR /src
COPY dev ./
COPY tools/dev tools/dev
COPY tools/packages tools/packages
RUN ./dev packages build
COPY . .
RUN ./dev build && strip build/release/service/csprd build/release/clients/cli/cspr

FROM debian:bookworm-slim
COPY dev /src/
COPY tools/dev /src/tools/dev
COPY tools/packages /src/tools/packages
RUN /src/dev packages run && rm -rf /src /var/lib/apt/lists/* \
	&& useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin cspr
COPY --from=build /src/build/release/service/csprd /src/build/release/clients/cli/cspr /usr/local/bin/
USER cspr
ENV CSPR_LISTEN=0.0.0.0:8080 CSPR_METRICS_LISTEN=0.0.0.0:9464 CSPR_URL=http://127.0.0.1:8080
EXPOSE 8080 9464
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
	CMD ["cspr", "api", "GET", "/ready"]
ENTRYPOINT ["csprd"]
CMD ["serve"]
