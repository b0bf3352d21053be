# Static binary on an empty image, not root, nothing to write but its data folder.
FROM rust:1.95-alpine AS build
RUN apk add --no-cache build-base ca-certificates cmake perl
WORKDIR /src
COPY . .
RUN cargo build --release --locked && mkdir -p /empty/data /empty/run && strip target/release/portcullis

FROM scratch
# the authorities that upstreams and Redis are checked against where no `ca` is given
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/release/portcullis /portcullis
COPY --from=build --chown=65532:65532 /empty/data /var/lib/portcullis
COPY --from=build --chown=65532:65532 /empty/run /run/portcullis
USER 65532:65532
WORKDIR /var/lib/portcullis
VOLUME /var/lib/portcullis
EXPOSE 8443
ENTRYPOINT ["/portcullis"]
CMD ["serve", "--config", "/etc/portcullis/portcullis.yaml"]
