// Written by tools/generate/protocol.ts from the .proto files beside it; do not edit.
import type * as messages from './messages.ts';

/** Every unary call, by name. */
export type Calls = {
  Version: { request: messages.VersionRequest; response: messages.VersionResponse };
  Status: { request: messages.Empty; response: messages.StatusResponse };
  RunPodSandbox: { request: messages.RunPodSandboxRequest; response: messages.PodSandboxId };
  StopPodSandbox: { request: messages.PodSandboxId; response: messages.Empty };
  RemovePodSandbox: { request: messages.PodSandboxId; response: messages.Empty };
  PodSandboxStatus: { request: messages.PodSandboxId; response: messages.PodSandboxStatusResponse };
  ListPodSandbox: { request: messages.ListPodSandboxRequest; response: messages.ListPodSandboxResponse };
  CreateContainer: { request: messages.CreateContainerRequest; response: messages.ContainerId };
  StartContainer: { request: messages.ContainerId; response: messages.Empty };
  StopContainer: { request: messages.StopContainerRequest; response: messages.Empty };
  RemoveContainer: { request: messages.ContainerId; response: messages.Empty };
  ListContainers: { request: messages.ListContainersRequest; response: messages.ListContainersResponse };
  ContainerStatus: { request: messages.ContainerId; response: messages.ContainerStatusResponse };
  ContainerStats: { request: messages.ContainerId; response: messages.ContainerStatsResponse };
  UpdateContainerResources: { request: messages.UpdateContainerResourcesRequest; response: messages.Empty };
  ReopenContainerLog: { request: messages.ContainerId; response: messages.Empty };
  ExecSync: { request: messages.ExecSyncRequest; response: messages.ExecSyncResponse };
  Exec: { request: messages.ExecRequest; response: messages.UrlResponse };
  Attach: { request: messages.AttachRequest; response: messages.UrlResponse };
  PortForward: { request: messages.PortForwardRequest; response: messages.UrlResponse };
  ListImages: { request: messages.Empty; response: messages.ListImagesResponse };
  ImageStatus: { request: messages.ImageRequest; response: messages.ImageStatusResponse };
  PullImage: { request: messages.PullImageRequest; response: messages.PullImageResponse };
  RemoveImage: { request: messages.ImageRequest; response: messages.Empty };
  ImageFsInfo: { request: messages.Empty; response: messages.ImageFsInfoResponse };
};
